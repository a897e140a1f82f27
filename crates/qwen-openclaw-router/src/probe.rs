//! Which other endpoint accepts a key that was refused.

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::{Endpoint, Plan};
use qwen_openclaw_client::{EndpointRule, KeyCheck};

use crate::{Candidate, router::Shared};

/// Another endpoint that accepts the key.
pub(crate) struct Found {
    pub(crate) base_url: String,
    pub(crate) plan: Plan,
}

/// A key that may belong to another endpoint.
struct Doubtful<'a> {
    check: &'a KeyCheck,
    key: &'a ApiKey,
    tried: Endpoint,
}

impl Shared {
    /// The endpoint that an earlier search found, if it is not the route's own.
    pub(crate) async fn remembered_endpoint(&self, candidate: &Candidate) -> Option<Found> {
        let doubtful = self.doubtful(candidate)?;
        let known = self.failover.endpoint(&candidate.target).await;
        doubtful.other_at(&self.checked(known)??)
    }

    /// Asks the other endpoints, once for each key. Nothing is repeated where all have refused it.
    pub(crate) async fn probe(&self, candidate: &Candidate) -> Option<Found> {
        let doubtful = self.doubtful(candidate)?;
        let _guard = self.probing.lock().await;
        // Another request may have asked in the meantime.
        let known = self.failover.endpoint(&candidate.target).await;
        if let Some(known) = self.checked(known).flatten() {
            return doubtful.other_at(&known);
        }
        let Doubtful { check, key, tried } = doubtful;
        let search = check.search(key, tried).await.ok()?;
        let endpoint = match search.found {
            Some(found) => found,
            // Remembered as well: it need not be asked again.
            None if search.unclear.is_empty() => tried,
            None => return None,
        };
        let base_url = check.url_of(endpoint);
        let remembered = self.failover.remember_endpoint(&candidate.target, base_url);
        self.checked(remembered.await);
        doubtful.other_at(base_url)
    }

    /// `None` where something other than the key's prefix or the default says where to send.
    fn doubtful<'a>(&'a self, candidate: &'a Candidate) -> Option<Doubtful<'a>> {
        let check = self.key_check.as_ref()?;
        let route = &candidate.route;
        let endpoint = route.endpoint();
        let is_open = matches!(
            endpoint.rule(),
            EndpointRule::KeyPrefix | EndpointRule::Default
        );
        let tried = endpoint.class().endpoint()?;
        (is_open && tried.plan() != Plan::Portal).then_some(Doubtful {
            check,
            key: route.credential()?.key(),
            tried,
        })
    }
}

impl Doubtful<'_> {
    /// The endpoint at a base URL from the store, which leads to no server but the service's own.
    fn other_at(&self, base_url: &str) -> Option<Found> {
        let mut all = Endpoint::all().iter().copied();
        let endpoint = all.find(|one| self.check.url_of(*one) == base_url)?;
        let is_other = endpoint != self.tried && endpoint.plan() != Plan::Portal;
        is_other.then(|| Found {
            base_url: base_url.to_owned(),
            plan: endpoint.plan(),
        })
    }
}
