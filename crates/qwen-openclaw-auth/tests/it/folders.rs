//! The state folder: named without being touched, created for one user, and looked at before
//! anything is stored in it.

use std::fs;

use qwen_openclaw_auth::{Environment, ErrorKind, StateDir};

#[test]
fn naming_the_folder_creates_nothing_and_creating_it_can_be_repeated() {
    let home = tempfile::tempdir().unwrap();
    let environment = Environment::from_pairs([("HOME", home.path())]);
    let folder = StateDir::of(&environment).unwrap();
    assert!(!folder.path().exists());

    folder.create().unwrap();
    assert!(folder.path().is_dir());
    folder.create().unwrap();
}

#[test]
fn a_file_in_the_way_is_an_error_that_names_the_folder() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    for name in ["file", "file/state"] {
        let folder = StateDir::new(home.path().join(name));
        let error = folder.create().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Folder);
        assert!(error.to_string().contains(name), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink},
        path::Path,
        time::Duration,
    };

    use qwen_openclaw_auth::{
        ApiKey, CredentialStore, Error, ErrorKind, FileStore, Profile, StateDir,
        state::{FileLock, create_folder},
    };

    /// No user has this id.
    const OTHER_USER: u32 = 12_345;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn made(path: &Path, mode: u32) -> StateDir {
        fs::create_dir_all(path).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        StateDir::new(path)
    }

    /// Only root can change a file's owner.
    fn is_root(folder: &Path) -> bool {
        fs::metadata(folder).unwrap().uid() == 0
    }

    async fn store_in(folder: &StateDir) -> Result<(), Error> {
        let store = FileStore::in_folder(folder).lock_wait(Duration::from_secs(1));
        let key = Profile::from(ApiKey::parse("sk-secret").unwrap());
        store.put(&"qwen:a".parse().unwrap(), &key).await
    }

    /// Nothing can be stored there, in any way, and nothing was.
    async fn refuses(folder: &StateDir, why: &str) {
        let store = FileStore::in_folder(folder);
        let id = "qwen:a".parse().unwrap();
        for error in [
            folder.create().unwrap_err(),
            store_in(folder).await.unwrap_err(),
            store.set_order("qwen", &[]).await.unwrap_err(),
            store.check_writable().await.unwrap_err(),
            store.discard(&id).await.unwrap_err(),
            store.lease(&id).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Untrusted);
            let text = error.to_string();
            let path = folder.path().to_str().unwrap();
            assert!(text.contains(path) && text.contains(why), "{text}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_new_folder_is_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let new = StateDir::new(home.path().join("a/b"));
        store_in(&new).await.unwrap();
        for name in ["a", "a/b"] {
            assert_eq!(mode(&home.path().join(name)), 0o700, "{name}");
        }
        for name in ["credentials.json", "credentials.json.lock"] {
            assert_eq!(mode(&new.path().join(name)), 0o600, "{name}");
        }
    }

    #[tokio::test]
    async fn one_of_ours_that_others_can_read_is_closed_before_anything_is_stored() {
        let home = tempfile::tempdir().unwrap();
        for open in [0o755, 0o750, 0o711, 0o701] {
            let folder = made(&home.path().join(format!("{open:o}")), open);
            store_in(&folder).await.unwrap();
            assert_eq!(mode(folder.path()), 0o700, "{open:o}");
        }
        // A folder other than the state folder may be a home folder: it stays unchanged.
        let other = made(&home.path().join("other"), 0o755);
        let store = FileStore::new(other.path().join("credentials.json"));
        let key = Profile::from(ApiKey::parse("sk-secret").unwrap());
        store.put(&"qwen:a".parse().unwrap(), &key).await.unwrap();
        assert_eq!(mode(other.path()), 0o755);
    }

    #[tokio::test]
    async fn one_that_others_can_write_to_is_refused_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        for open in [0o777, 0o1777, 0o770, 0o775, 0o720, 0o702] {
            let folder = made(&home.path().join(format!("{open:o}")), open);
            refuses(&folder, "chmod go-w").await;
            assert_eq!(mode(folder.path()), open, "{open:o}");
            // What the message says helps.
            let closed = Permissions::from_mode(open & !0o022);
            fs::set_permissions(folder.path(), closed).unwrap();
            store_in(&folder).await.unwrap();
        }
    }

    /// One that a program has named is open to the user's own group wherever that is the habit.
    #[test]
    fn another_folder_than_that_for_state_may_be_open_to_our_group() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("named");
        made(&path, 0o775);
        create_folder(&path).unwrap();
        assert_eq!(mode(&path), 0o775);
        made(&path, 0o777);
        let error = create_folder(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Untrusted);
        if is_root(&path) {
            made(&path, 0o775);
            chown(&path, None, Some(OTHER_USER)).unwrap();
            let error = create_folder(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Untrusted);
        }
    }

    #[tokio::test]
    async fn one_of_somebody_else_is_refused() {
        let home = tempfile::tempdir().unwrap();
        if !is_root(home.path()) {
            return;
        }
        for open in [0o700, 0o755, 0o777] {
            let folder = made(&home.path().join(format!("{open:o}")), open);
            chown(folder.path(), Some(OTHER_USER), None).unwrap();
            let error = create_folder(folder.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Untrusted);
            refuses(&folder, "belongs to another user").await;
            assert_eq!(mode(folder.path()), open, "{open:o}");
        }
    }

    #[tokio::test]
    async fn a_link_of_ours_is_followed_and_its_target_is_held_to_the_same() {
        let home = tempfile::tempdir().unwrap();
        let place = |name: &str| home.path().join(name);
        let linked = |name: &str, to: &str| {
            symlink(place(to), place(name)).unwrap();
            StateDir::new(place(name))
        };
        made(&place("target"), 0o755);
        store_in(&linked("link", "target")).await.unwrap();
        assert!(place("target/credentials.json").is_file());
        assert_eq!(mode(&place("target")), 0o700);
        assert!(fs::symlink_metadata(place("link")).unwrap().is_symlink());

        made(&place("open"), 0o777);
        refuses(&linked("to-open", "open"), "chmod go-w").await;
        let error = linked("to-nothing", "gone").create().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Folder);
        assert!(!place("gone").exists());

        if is_root(home.path()) {
            made(&place("theirs"), 0o700);
            chown(place("theirs"), Some(OTHER_USER), None).unwrap();
            refuses(&linked("to-theirs", "theirs"), "belongs to another user").await;
            made(&place("ours"), 0o700);
            let planted = linked("planted", "ours");
            lchown(planted.path(), Some(OTHER_USER), None).unwrap();
            refuses(&planted, "link that belongs to another user").await;
        }
    }

    /// The target that a link planted in place of a lock would have truncated.
    #[tokio::test]
    async fn locks_and_leases_do_not_follow_links() {
        let home = tempfile::tempdir().unwrap();
        let folder = made(&home.path().join("state"), 0o700);
        let victim = home.path().join("victim");
        fs::write(&victim, "keep").unwrap();
        symlink(&victim, folder.path().join("credentials.json.lock")).unwrap();
        let lease = folder.path().join("credentials.json.lease=qwen=a");
        symlink(home.path().join("gone"), lease).unwrap();
        let error = store_in(&folder).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Untrusted);
        let store = FileStore::in_folder(&folder);
        let error = store.lease(&"qwen:a".parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Untrusted);
        assert_eq!(fs::read(&victim).unwrap(), b"keep");
        assert!(!home.path().join("gone").exists());
        if is_root(home.path()) {
            let path = folder.path().join("theirs");
            fs::write(&path, "").unwrap();
            chown(&path, Some(OTHER_USER), None).unwrap();
            let error = FileLock::try_acquire(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Untrusted);
        }
    }
}

/// A process that was killed while it wrote has left a copy of every credential.
#[tokio::test]
async fn what_a_dead_process_has_left_goes_when_the_store_is_next_used() {
    use qwen_openclaw_auth::{CredentialStore, FileStore, state::FileLock};

    let home = tempfile::tempdir().unwrap();
    let place = |name: &str| home.path().join(name);
    let left = place(".credentials.json.x1.qwen-openclaw.tmp");
    let other = place(".notes.txt.x1.tmp");
    for path in [&left, &other] {
        fs::write(path, "secret").unwrap();
    }
    // Not while another process is writing, because the file may be its own.
    let store = FileStore::new(place("credentials.json"));
    let lock = FileLock::try_acquire(&place("credentials.json.lock")).unwrap();
    assert!(lock.is_some() && store.list().await.unwrap().is_empty());
    assert!(left.exists());
    drop(lock);
    // Reading is enough.
    assert!(store.list().await.unwrap().is_empty());
    assert!(!left.exists() && other.exists());
    assert!(!place("credentials.json").exists());
}
