//! Each row of the table, at each position, with a chosen model or a configured chain.

use super::*;
use crate::Policy;

#[tokio::test]
async fn each_kind_advances_or_ends_the_request_at_each_position() {
    for kind in ErrorKind::ALL {
        for position in 0..3 {
            for candidates in [accounts().await, chain().await] {
                let (router, _) = router(|builder| builder);
                // Those before it fail in a way that advances.
                let before = vec![Err(error(ErrorKind::Permission)); position];
                let script = Script::of(before.into_iter().chain([Err(error(*kind))]));
                let result = run(&router, &candidates, &script).await;
                let label = format!("{kind:?} at {position}");
                let sent = script.positions();
                if Policy::of(*kind).advances && position < 2 {
                    let routed = result.expect(&label);
                    assert_eq!(routed.answer, position + 1, "{label}");
                    assert_eq!(sent, (0..=position + 1).collect::<Vec<_>>(), "{label}");
                } else {
                    let failed = result.expect_err(&label);
                    assert_eq!(failed.kind(), *kind, "{label}");
                    assert_eq!(failed.last().unwrap().kind(), *kind, "{label}");
                    assert_eq!(failed.attempts().len(), position + 1, "{label}");
                    assert_eq!(sent, (0..=position).collect::<Vec<_>>(), "{label}");
                }
            }
        }
    }
}

#[tokio::test]
async fn each_kind_cools_down_what_its_row_says() {
    for kind in ErrorKind::ALL {
        let (router, clock) = router(|builder| builder);
        let candidates = accounts().await;
        let script = Script::of([Err(error(*kind))]);
        let result = run(&router, &candidates, &script).await;
        let policy = Policy::of(*kind);
        assert_eq!(result.is_ok(), policy.advances, "{kind:?}");
        let running = router.failover().running(clock.now()).await.unwrap();
        let Some(steps) = policy.cooldown else {
            assert_eq!(running, [], "{kind:?}");
            continue;
        };
        let target = candidates[0].target();
        let expected = Cooldown {
            target: match policy.scope {
                CooldownScope::Credential => target.of_credential(),
                CooldownScope::Model => target.clone(),
            },
            kind: *kind,
            failures: 1,
            since: clock.now(),
            until: clock.now() + steps.wait(1),
        };
        assert_eq!(running, [expected], "{kind:?}");
    }
}

/// An error after the first content.
#[derive(Debug)]
struct Late(HttpError);

impl std::fmt::Display for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Late {}

impl AttemptError for Late {
    fn as_http(&self) -> &HttpError {
        &self.0
    }

    fn used(&self) -> Used {
        Used {
            sends: 2,
            tokens: Tokens {
                output: 9,
                ..Tokens::default()
            },
            ..Used::default()
        }
    }

    fn has_content(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn nothing_advances_or_cools_down_after_the_first_content() {
    for kind in ErrorKind::ALL {
        let (router, clock) = router(|builder| builder);
        let candidates = chain().await;
        let mut sent = 0;
        let request = router.request("chat");
        let failed = request.run(&candidates, |_| {
            sent += 1;
            ready(Err::<(), _>(Late(error(*kind))))
        });
        let failed = failed.await.unwrap_err();
        assert_eq!((failed.kind(), failed.attempts().len()), (*kind, 1));
        assert_eq!(sent, 1);
        assert_eq!(router.failover().running(clock.now()).await.unwrap(), []);
        // What it used all the same is counted.
        let entries = router.usage().latest(10).await.unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].sends, entries[0].tokens.output), (2, 9));
        assert_eq!(entries[0].outcome, Outcome::Failed(*kind));
    }
}
