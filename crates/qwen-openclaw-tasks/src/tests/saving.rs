//! A result is saved whole or not at all.

use std::{fs, path::Path};

use super::fake::*;
use crate::{Error, ErrorKind, Finished, Hint, JobStore, MemoryJobs, NextStep, Phase, SaveOptions};

async fn done(fake: &Fake) -> (Finished, MemoryJobs) {
    fake.state().states = vec!["SUCCEEDED"];
    let (tasks, store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    (job.wait().await.unwrap(), store)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Saves with these faults, and checks that nothing half stands under the final name.
async fn save(fake: &Fake, faults: &[Fault], options: SaveOptions) -> Result<Finished, Error> {
    let (done, _store) = done(fake).await;
    let folder = tempfile::tempdir().unwrap();
    fake.state().file.extend(faults);
    let path = folder.path().join("result.mp4");
    let mut received = Vec::new();
    let saved = done
        .save_with(&path, options, |progress| received.push(progress.received))
        .await;
    match &saved {
        Ok(saved) => {
            assert_eq!(fs::read(&path).unwrap(), fake.state().content);
            assert_eq!(saved.record().saved().collect::<Vec<_>>(), [&*path]);
            assert_eq!(saved.record().phase(), Phase::Saved);
            assert_eq!(names(folder.path()), ["result.mp4"]);
        }
        Err(_) => assert!(!path.exists()),
    }
    // The URL of a result is its own key.
    assert!(
        !fake
            .state()
            .with_key
            .iter()
            .any(|path| path.contains("result.mp4"))
    );
    saved
}

#[tokio::test(start_paused = true)]
async fn a_result_is_saved_without_a_key() {
    save(&Fake::new(), &[], SaveOptions::default())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_goes_on_where_it_was() {
    let fake = Fake::new();
    let faults = [
        Fault::Short(10_000),
        Fault::Connect,
        Fault::Short(1),
        Fault::Broken,
    ];
    save(&fake, &faults, SaveOptions::default()).await.unwrap();
    assert_eq!(fake.count("GET /result.mp4"), 5);
}

#[tokio::test(start_paused = true)]
async fn two_halves_are_never_of_two_files() {
    let fake = Fake::new();
    let faults = [Fault::Short(10_000), Fault::OtherVersion];
    save(&fake, &faults, SaveOptions::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_the_rest_of_the_same_version_is_asked_for() {
    let fake = Fake::new();
    save(&fake, &[Fault::Short(10_000)], SaveOptions::default())
        .await
        .unwrap();
    let rest = Some("bytes=10000-".to_owned());
    let one = Some("\"one\"".to_owned());
    assert_eq!(fake.state().ranges, [(None, None), (rest, one)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_of_another_version_is_begun_anew_in_the_same_call() {
    // A server that sends the rest of another version, whatever the condition says, or of one that
    // may have changed under its name; or says that there is no rest.
    for fault in [
        Fault::Version("\"two\""),
        Fault::Version("W/\"one\""),
        Fault::Version("one"),
        Fault::Status(416, ""),
    ] {
        let fake = Fake::new();
        let started = tokio::time::Instant::now();
        let faults = [Fault::Short(10_000), fault];
        save(&fake, &faults, SaveOptions::default()).await.unwrap();
        assert_eq!(fake.count("GET /result.mp4"), 3, "{fault:?}");
        let last = fake.state().ranges[2].clone();
        assert_eq!(last, (None, None), "{fault:?}");
        assert!(started.elapsed().as_secs() < 5, "{fault:?}");
    }
    // However often it happens, as long as it ends.
    let fake = Fake::new();
    let faults = [Fault::Short(10_000), Fault::Version("\"two\"")].repeat(4);
    save(&fake, &faults, SaveOptions::default()).await.unwrap();
    let fake = Fake::new();
    let faults = [Fault::Short(10_000), Fault::Version("\"two\"")].repeat(99);
    let error = save(&fake, &faults, SaveOptions::default()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Network);
    assert_eq!(fake.count("GET /result.mp4"), 11);
}

#[tokio::test(start_paused = true)]
async fn a_weak_name_joins_nothing() {
    for etag in ["W/\"one\"", "one", ""] {
        let fake = Fake::new().with(|state| state.etag = Some(etag));
        let faults = [Fault::Short(10_000), Fault::Short(20_000)];
        save(&fake, &faults, SaveOptions::default()).await.unwrap();
        let state = fake.state();
        assert_eq!(state.ranges, [(None, None), (None, None), (None, None)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_without_a_name_is_not_taken_for_one_that_had_one() {
    let fake = Fake::new();
    let (finished, store) = done(&fake).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.mp4");
    let options = || SaveOptions::default().retry(qwen_openclaw_http::RetryPolicy::none());
    // Half of the first version; then the server has another one, and gives it no name.
    fake.state().file.push_back(Fault::Short(10_000));
    let saved = finished.clone().save_with(&path, options(), |_| {});
    saved.await.unwrap_err();
    let first = fake.state().content.clone();
    {
        let mut state = fake.state();
        state
            .content
            .iter_mut()
            .skip(8)
            .for_each(|byte| *byte ^= 0xff);
        state.etag = None;
        state.file.push_back(Fault::Short(20_000));
    }
    let saved = finished.clone().save_with(&path, options(), |_| {});
    saved.await.unwrap_err();
    // And the first one again.
    {
        let mut state = fake.state();
        state.content = first;
        state.etag = Some("\"one\"");
    }
    let finished = fake.on(&store).job(finished.record().id()).await.unwrap();
    finished.finished().unwrap().save(&path).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), fake.state().content);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_may_be_early_is_no_whole() {
    // Nobody says how long it is: the rest is asked for, and the answer tells.
    for bytes in [50_000, usize::MAX / 2] {
        let fake = Fake::new();
        let faults = [Fault::Endless(bytes)];
        save(&fake, &faults, SaveOptions::default()).await.unwrap();
        assert_eq!(fake.count("GET /result.mp4"), 2);
    }
    // Without a name for the version it is asked for once more, and never taken for whole.
    let fake = Fake::new().with(|state| state.etag = None);
    save(&fake, &[Fault::Endless(50_000)], SaveOptions::default())
        .await
        .unwrap();
    let fake = Fake::new().with(|state| state.etag = None);
    let error = save(&fake, &[Fault::Endless(50_000); 99], SaveOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.to_string().contains("incomplete"), "{error}");
    // Pieces that say which one is the last are enough.
    let fake = Fake::new();
    let faults = [Fault::Framed(usize::MAX / 2)];
    save(&fake, &faults, SaveOptions::default()).await.unwrap();
    assert_eq!(fake.count("GET /result.mp4"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_file_is_no_result_of_any_kind() {
    let fake = Fake::new().with(|state| {
        state.content = Vec::new();
        state.states = vec!["SUCCEEDED"];
    });
    let mut product = product();
    product.file.matches = |_| true;
    let http = qwen_openclaw_http::Client::builder().sender(fake.clone());
    let key = qwen_openclaw_auth::ApiKey::parse("sk-secret-key-0123456789").unwrap();
    let tasks = crate::Tasks::builder(product, ORIGIN, key).http(http.build().unwrap());
    let job = tasks.build().unwrap().submit(task()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.mp4");
    let error = job.wait().await.unwrap().save(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("empty"), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_few_bytes_more_each_time_are_no_progress() {
    let fake = Fake::new();
    let error = save(&fake, &[Fault::Short(1); 999], SaveOptions::default()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Network);
    assert_eq!(fake.count("GET /result.mp4"), 6);
}

#[tokio::test(start_paused = true)]
async fn a_page_in_the_place_of_a_new_address_is_asked_again() {
    let fake = Fake::new();
    let (finished, _store) = done(&fake).await;
    {
        let mut state = fake.state();
        state.file.extend([Fault::Status(403, "AccessDenied"); 3]);
        state.poll.extend([Fault::Nonsense, Fault::Connect]);
    }
    let folder = tempfile::tempdir().unwrap();
    finished
        .save(folder.path().join("result.mp4"))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_sends_all_of_it_is_given_up() {
    // Without an ETag each try begins anew, and comes as far as the one before.
    let fake = Fake::new().with(|state| state.etag = None);
    let error = save(&fake, &[Fault::Short(10_000); 99], SaveOptions::default()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Network);
    assert_eq!(fake.count("GET /result.mp4"), 6);
    // One that sends it at last is as good as any.
    let fake = Fake::new().with(|state| state.etag = None);
    save(&fake, &[Fault::Short(10_000); 3], SaveOptions::default())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_of_the_kind_is_not_saved() {
    for content in [&b"<html>hello</html>"[..], b"", b"\0\0\0\x18ft"] {
        let fake = Fake::new().with(|state| state.content = content.to_vec());
        let error = save(&fake, &[], SaveOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.to_string().contains("MP4"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn lengths_are_checked() {
    // Shorter than promised, again and again.
    let fake = Fake::new();
    let error = save(&fake, &[Fault::TooLong; 9], SaveOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
    let fake = Fake::new();
    let options = SaveOptions::default().limit(1000);
    let error = save(&fake, &[], options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[tokio::test(start_paused = true)]
async fn only_public_https_is_fetched() {
    for url in [
        "http://files.example.com/result.mp4",
        "https://127.0.0.1/result.mp4",
        "https://10.0.0.1/result.mp4",
        "https://metadata.internal/result.mp4",
        "file:///etc/passwd",
        "hello",
    ] {
        let fake = Fake::new().with(|state| state.result = url.to_owned());
        let error = save(&fake, &[], SaveOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}: {error}");
        assert_eq!(fake.count("GET /result.mp4"), 0, "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_that_has_expired_is_asked_for_again() {
    let fake = Fake::new();
    let gone = Fault::Status(403, "AccessDenied");
    save(&fake, &[gone], SaveOptions::default()).await.unwrap();

    let error = save(&fake, &[gone, gone], SaveOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired, "{error}");
    assert!(error.to_string().contains("not there any more"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn half_of_what_is_gone_for_good_is_not_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.mp4");
    for (url, left) in [
        (RESULT.to_owned(), 1),
        // Its time is over.
        (format!("{RESULT}&Expires=1000"), 0),
    ] {
        let fake = Fake::new().with(|state| state.result = url.clone());
        let (finished, _store) = done(&fake).await;
        let gone = Fault::Status(403, "AccessDenied");
        fake.state().file.extend([Fault::Short(1000), gone, gone]);
        let error = finished.save(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Expired, "{url}");
        assert_eq!(names(folder.path()).len(), left, "{url}");
        for name in names(folder.path()) {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_there_stays() {
    let fake = Fake::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.mp4");
    fs::write(&path, "mine").unwrap();
    let (finished, _store) = done(&fake).await;
    let error = finished.clone().save(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    let options = SaveOptions::default().overwrite();
    finished.save_with(&path, options, |_| {}).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), fake.state().content);
}

#[tokio::test(start_paused = true)]
async fn another_process_goes_on_where_one_has_died() {
    let fake = Fake::new();
    let (finished, store) = done(&fake).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.mp4");
    // The first gives up after half the file.
    let half = fake.state().content.len() / 2;
    fake.state().file.extend([Fault::Short(half)]);
    fake.state().file.extend([Fault::Connect; 20]);
    let error = finished.save(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(
        names(folder.path()).len(),
        1,
        "half a file is kept, under another name"
    );
    fake.state().file.clear();

    let mut resumed = fake.on(&store).resume().await.unwrap();
    let Some(crate::Resumed::Going(job)) = resumed.pop() else {
        panic!("{resumed:?}");
    };
    let mut first = None;
    let finished = job.wait().await.unwrap();
    let target = finished.record().target().unwrap().to_owned();
    assert_eq!(target, path);
    let saved = finished.save_with(&target, SaveOptions::default(), |progress| {
        first.get_or_insert(progress.received);
    });
    saved.await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), fake.state().content);
    assert!(first.unwrap() > half as u64, "it began anew");
    assert_eq!(names(folder.path()), ["result.mp4"]);
}

#[tokio::test(start_paused = true)]
async fn one_saves_at_a_time() {
    let fake = Fake::new();
    let (finished, store) = done(&fake).await;
    let _lease = store.lease(finished.record().id()).await.unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = finished
        .save(folder.path().join("result.mp4"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(names(folder.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_missing_folder_is_said() {
    let fake = Fake::new();
    let (finished, _store) = done(&fake).await;
    let folder = tempfile::tempdir().unwrap();
    let error = finished
        .save(folder.path().join("no/result.mp4"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.to_string().contains("there is no folder"), "{error}");
}

fn two_more(fake: &Fake) {
    let url = |n: u32| format!("https://files.example.com/result.mp4?n={n}");
    fake.state().more = vec![url(2), url(3)];
}

#[tokio::test(start_paused = true)]
async fn several_results_are_saved_each_under_its_number() {
    let fake = Fake::new();
    two_more(&fake);
    let (done, _store) = done(&fake).await;
    assert_eq!(done.results().len(), 3);
    assert_eq!(done.record().next_steps(), [NextStep::Save]);
    let folder = tempfile::tempdir().unwrap();
    let mut begun = Vec::new();
    let saved = done.save_with(
        folder.path().join("a.mp4"),
        SaveOptions::default(),
        |progress| begun.push(progress.result),
    );
    let saved = saved.await.unwrap();
    begun.dedup();
    assert_eq!(begun, [0, 1, 2]);
    assert_eq!(saved.record().phase(), Phase::Saved);
    assert!(saved.record().next_steps().is_empty());
    assert_eq!(names(folder.path()), ["a-1.mp4", "a-2.mp4", "a-3.mp4"]);
    let paths = saved.record().saved().map(|path| fs::read(path).unwrap());
    for content in paths {
        assert_eq!(content, fake.state().content);
    }
    assert_eq!(saved.record().target(), Some(&*folder.path().join("a.mp4")));
}

#[tokio::test(start_paused = true)]
async fn several_results_have_the_names_that_they_are_given() {
    let fake = Fake::new();
    two_more(&fake);
    let (done, _store) = done(&fake).await;
    let folder = tempfile::tempdir().unwrap();
    let same = done.clone().save_each(
        |_| folder.path().join("same"),
        SaveOptions::default(),
        |_| {},
    );
    assert_eq!(same.await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    let named = done.save_each(
        |n| folder.path().join(["x", "y", "z"][n]),
        SaveOptions::default(),
        |_| {},
    );
    named.await.unwrap();
    assert_eq!(names(folder.path()), ["x", "y", "z"]);
}

#[tokio::test(start_paused = true)]
async fn each_of_several_results_goes_on_where_it_was() {
    let fake = Fake::new();
    two_more(&fake);
    let (first, store) = done(&fake).await;
    let id = first.record().id().clone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    // The first is whole, and the second breaks off halfway until nobody tries any more.
    fake.state().file.push_back(Fault::Framed(usize::MAX / 2));
    fake.state().file.extend([Fault::Short(50_000); 1]);
    fake.state().file.extend([Fault::Connect; 9]);
    let error = first.save(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    let part = format!(".{id}.2.part");
    assert_eq!(names(folder.path()), [part.as_str(), "a-1.mp4"]);
    let record = store.load(&id).await.unwrap().unwrap();
    assert_eq!(record.phase(), Phase::Succeeded);
    assert_eq!(record.saved().count(), 1);

    // Another process asks for the rest of the second, and for the third.
    fake.state().file.clear();
    let asked = fake.count("GET /result.mp4");
    let job = fake.on(&store).job(&id).await.unwrap();
    let saved = job.finished().unwrap().save(&path).await.unwrap();
    assert_eq!(saved.record().phase(), Phase::Saved);
    assert_eq!(fake.count("GET /result.mp4"), asked + 2);
    let ranges = fake.state().ranges.clone();
    let [.., second, third] = &ranges[..] else {
        panic!("{ranges:?}")
    };
    assert!(second.0.is_some() && third.0.is_none(), "{ranges:?}");
    assert_eq!(names(folder.path()), ["a-1.mp4", "a-2.mp4", "a-3.mp4"]);
    for path in saved.record().saved() {
        assert_eq!(fs::read(path).unwrap(), fake.state().content);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_overwritten_and_nothing_fetched_for_it() {
    let fake = Fake::new();
    two_more(&fake);
    let (done, _store) = done(&fake).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a-3.mp4"), "mine").unwrap();
    let error = done.save(folder.path().join("a.mp4")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(error.hint(), Some(&Hint::ChooseAnotherName));
    assert_eq!(names(folder.path()), ["a-3.mp4"]);
    assert_eq!(fake.count("GET /result.mp4"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_result_larger_than_the_limit_of_the_client_leaves_no_file() {
    for fault in [None, Some(Fault::Framed(usize::MAX / 2))] {
        let fake = Fake::new().with(|state| state.states = vec!["SUCCEEDED"]);
        fake.state().file.extend(fault);
        let size = fake.state().content.len() as u64;
        let tasks = |limit: u64| fake.builder().largest_result(limit).build().unwrap();
        let job = tasks(size - 1).submit(task()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        let error = job.wait().await.unwrap().save(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(names(folder.path()).is_empty(), "{fault:?}");
        let job = tasks(size).submit(task()).await.unwrap();
        job.wait().await.unwrap().save(&path).await.unwrap();
    }
}
