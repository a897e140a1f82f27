//! The portal's login server: device codes, an approval page, rotating tokens.
//!
//! Facts are those of published clients of the portal and of RFC 8628, RFC 7636 and RFC 6749.

use std::time::Duration;

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Outgoing},
    capture::CapturedRequest,
    id::Id,
    key,
    refusal::Refusal,
    reply::{End, Reply},
    screen,
    state::State,
};

mod admin;
mod books;
mod form;
mod handle;
mod page;
mod scenario;

pub(crate) use self::{
    admin::Change,
    form::Form,
    handle::{Setup, resource_url},
};
pub use self::{
    books::OAuthStats,
    handle::{IssuedLogin, OAuth},
    scenario::{OAuthScenario, ParseScenarioError},
};
use self::{
    books::{Asked, Issued, Refused},
    scenario::Stage,
};

/// Where the login server is.
pub(crate) const PATH: &str = "/oauth";
/// Where the public server has the protocol; served as well as the short form.
const PUBLIC_PATH: &str = "/api/v1/oauth2";
/// The only client there is.
const CLIENT_ID: &str = "f0304373b74a44d2b584a3fb70ca9e56";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a firewall or a gateway says in the place of the server.
const CHALLENGE: &str = "<!doctype html><html><head><title>Verification</title></head><body>\
    <p>Please slide to verify that you are not a robot.</p></body></html>\n";
const GATEWAY: &str = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
    <center><h1>504 Gateway Time-out</h1></center>\r\n</body>\r\n</html>\r\n";
/// How long a slow response takes, so that others can act in the meantime.
const SLOW: Duration = Duration::from_millis(400);
const HTML: &str = "text/html; charset=utf-8";

/// The path below the login server's own; `None` for a request to another.
pub(crate) fn path(request: &CapturedRequest) -> Option<&str> {
    let rest = request.path.strip_prefix(PATH)?;
    let rest = rest.strip_prefix(PUBLIC_PATH).unwrap_or(rest);
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Answers a request to the login server.
pub(crate) fn answer(state: &State, request: &CapturedRequest, rest: &str) -> Outgoing {
    let exchange = Exchange {
        state,
        request,
        id: state.ids.next(),
    };
    let method = match &request.method {
        &Method::HEAD => &Method::GET,
        method => method,
    };
    match (rest.trim_end_matches('/'), method) {
        ("/device/code", &Method::POST) => exchange.device(),
        ("/token", &Method::POST) => exchange.token(),
        ("/authorize", &Method::GET | &Method::POST) => {
            Outgoing::Plain(page::answer(state, request, exchange.id))
        }
        ("/admin", &Method::GET | &Method::POST) => {
            Outgoing::Plain(admin::answer(state, request, exchange.id))
        }
        _ => exchange.error(404, "not_found", "There is no such path."),
    }
}

/// Decides about a request to the portal's API: by scenario, else by the token it comes with.
/// Tokens of other forms are not ours to judge.
pub(crate) fn check_api(state: &State, headers: &HeaderMap, id: Id) -> Option<Answer> {
    let refuse = |refusal: Refusal| {
        let status = refusal.status;
        Answer::json(status, refusal.open_ai_body(id), id)
    };
    if let Some(scenario) = state.oauth.scenarios.due(Stage::Api) {
        let quota = "Free allocated quota exceeded.";
        return Some(match scenario {
            OAuthScenario::ApiUnauthorized => refuse(dead_token()),
            OAuthScenario::ApiForbiddenQuota => {
                refuse(Refusal::coded(403, "insufficient_quota", quota))
            }
            OAuthScenario::ApiQuota => refuse(Refusal::coded(429, "insufficient_quota", quota)),
            OAuthScenario::ApiRate => {
                let rate = Refusal::coded(429, "limit_requests", "Requests rate limit exceeded.");
                refuse(rate).header("retry-after", "1")
            }
            _ => refuse(Refusal::parameter("bad request")),
        });
    }
    let token = key::bearer(headers)?;
    (token.starts_with(books::ACCESS) && !state.login_books().is_good(token))
        .then(|| refuse(dead_token()))
}

fn dead_token() -> Refusal {
    Refusal::new(
        401,
        "invalid_api_key",
        "InvalidApiKey",
        "invalid_request_error",
        "invalid access token or token expired",
    )
}

struct Exchange<'a> {
    state: &'a State,
    request: &'a CapturedRequest,
    id: Id,
}

impl Exchange<'_> {
    fn origin(&self) -> String {
        let access = self.state.config.access;
        screen::origin(&self.state.origin, access, &self.request.headers)
    }

    fn device(&self) -> Outgoing {
        let form = Form::parse(&self.request.body);
        let scenario = self.state.oauth.scenarios.due(Stage::Device);
        match scenario {
            Some(OAuthScenario::DeviceError) => {
                return self.json(
                    200,
                    &json!({"error": "INVALID_REQUEST", "error_description": "bad request"}),
                );
            }
            Some(OAuthScenario::DeviceChallenge) => return self.page(200, CHALLENGE),
            Some(OAuthScenario::DeviceForbidden) => return self.page(403, CHALLENGE),
            _ => {}
        }
        if form.get("client_id") != Some(CLIENT_ID) {
            return self.error(401, "invalid_client", "Unknown client.");
        }
        let method = form.get("code_challenge_method");
        let (Some(challenge), Some("S256"), Some(_)) =
            (form.get("code_challenge"), method, form.get("scope"))
        else {
            return self.error(400, "invalid_request", "A parameter is missing.");
        };
        let asked = self.state.login_books().ask(challenge, &self.state.ids);
        let page = format!("{}{PATH}/authorize", self.origin());
        let mut body = json!({
            "device_code": asked.device_code,
            "user_code": asked.user_code,
            "verification_uri": page,
            "verification_uri_complete":
                format!("{page}?user_code={}&client=qwen-code", asked.user_code),
            "expires_in": asked.life.as_secs(),
        });
        if let Some(interval) = self.state.oauth.interval() {
            body["interval"] = interval.into();
        }
        match scenario {
            Some(OAuthScenario::DeviceNoUserCode) => {
                remove(&mut body, "user_code");
            }
            Some(OAuthScenario::DeviceTextNumbers) => {
                body["expires_in"] = asked.life.as_secs().to_string().into();
                body["interval"] = "1".into();
            }
            _ => {}
        }
        self.json(200, &body)
    }

    fn token(&self) -> Outgoing {
        let form = Form::parse(&self.request.body);
        if form.get("client_id") != Some(CLIENT_ID) {
            return self.error(401, "invalid_client", "Unknown client.");
        }
        match form.get("grant_type") {
            Some(DEVICE_GRANT) => self.poll(&form),
            Some("refresh_token") => self.refresh(&form),
            _ => self.error(400, "unsupported_grant_type", "Unknown grant."),
        }
    }

    fn poll(&self, form: &Form) -> Outgoing {
        use OAuthScenario as S;
        let scenario = self.state.oauth.scenarios.due(Stage::Poll);
        let throttled = json!({"message": "Too many requests"});
        match scenario {
            Some(S::PollPending) => return self.pending(),
            Some(S::PollSlowDown) => return self.error(429, "slow_down", "Slow down."),
            Some(S::PollSlowDownRfc) => return self.error(400, "slow_down", "Slow down."),
            Some(S::PollExpired) => return self.error(400, "expired_token", "Expired."),
            Some(S::PollDenied) => return self.error(400, "access_denied", "Denied."),
            Some(S::PollUnauthorized) => return self.error(401, "invalid_client", "No."),
            Some(S::PollThrottled) => return self.json(429, &throttled),
            Some(S::PollGateway) => return self.page(504, GATEWAY),
            Some(S::PollChallenge) => return self.page(200, CHALLENGE),
            Some(S::PollReset) => return reset(),
            Some(S::PollNull) => {
                return self.json(200, &json!({"access_token": null, "refresh_token": null}));
            }
            _ => {}
        }
        let (Some(code), Some(verifier)) = (form.get("device_code"), form.get("code_verifier"))
        else {
            return self.error(400, "invalid_request", "A parameter is missing.");
        };
        let issued = self
            .state
            .login_books()
            .redeem(code, verifier, &self.state.ids);
        let issued = match issued {
            Ok(issued) => issued,
            Err(Asked::Pending) => return self.pending(),
            Err(Asked::Denied) => return self.error(400, "access_denied", "User denied access"),
            Err(Asked::Expired) => return self.error(400, "expired_token", "The code expired."),
            Err(Asked::Unknown) => {
                return self.error(400, "invalid_grant", "Unknown or used device code.");
            }
        };
        let mut body = self.tokens(&issued);
        let origin = self.origin();
        let host = origin.trim_start_matches("http://");
        match scenario {
            Some(S::PollNoRefreshToken) => remove(&mut body, "refresh_token"),
            Some(S::PollResourceBlank) => body["resource_url"] = " ".into(),
            Some(S::PollResourceHost) => body["resource_url"] = "portal.qwen.ai".into(),
            Some(S::PollResourceSlash) => {
                body["resource_url"] = format!("http://{host}/portal/").into();
            }
            Some(S::PollResourceUrl) => body["resource_url"] = format!("{origin}/portal").into(),
            Some(S::PollResourceVersionSlash) => {
                body["resource_url"] = format!("{origin}/portal/v1/").into();
            }
            Some(S::PollResourceForeign) => {
                body["resource_url"] = "https://collector.example/v1".into();
            }
            _ => {}
        }
        self.json(200, &body)
    }

    fn refresh(&self, form: &Form) -> Outgoing {
        use OAuthScenario as S;
        let Some(token) = form.get("refresh_token") else {
            return self.error(400, "invalid_request", "A parameter is missing.");
        };
        let scenario = self.state.oauth.scenarios.due(Stage::Refresh);
        let refused = "Invalid refresh token or client_id";
        match scenario {
            Some(S::RefreshRefused) => return self.error(400, "invalid_request", refused),
            Some(S::RefreshSlowlyRefused) => {
                let body = json!({"error": "invalid_request", "error_description": refused});
                return Outgoing::Exact(Reply::json(400, &body).head_after(SLOW));
            }
            Some(S::RefreshBadRequestPage) => return self.page(400, CHALLENGE),
            Some(S::RefreshChallenge) => return self.page(200, CHALLENGE),
            Some(S::RefreshUnauthorized) => return self.error(401, "invalid_client", refused),
            Some(S::RefreshGateway) => return self.page(504, GATEWAY),
            Some(S::RefreshStall) => return Outgoing::Exact(Reply::new(200).head_never()),
            Some(S::RefreshRedirect) => {
                let target = "https://elsewhere.example/login?token=1";
                let answer = Answer::whole(302, HTML, "", self.id).header("location", target);
                return Outgoing::Plain(answer);
            }
            _ => {}
        }
        let rotates = scenario != Some(S::RefreshNoRotation);
        let renewed = self
            .state
            .login_books()
            .renew(token, rotates, &self.state.ids);
        let issued = match renewed {
            Ok(issued) => issued,
            Err(Refused) => return self.error(400, "invalid_request", refused),
        };
        let mut body = self.tokens(&issued);
        match scenario {
            Some(S::RefreshLost) => return reset(),
            Some(S::RefreshNoToken | S::RefreshNoRotation) => remove(&mut body, "refresh_token"),
            Some(S::RefreshEmptyToken) => body["refresh_token"] = "".into(),
            Some(S::RefreshNoResource) => remove(&mut body, "resource_url"),
            Some(S::RefreshExpiresZero) => body["expires_in"] = 0.into(),
            Some(S::RefreshExpiresMissing) => remove(&mut body, "expires_in"),
            Some(S::RefreshExpiresText) => {
                body["expires_in"] = issued.life.as_secs().to_string().into();
            }
            Some(S::RefreshSlow) => {
                return Outgoing::Exact(Reply::json(200, &body).head_after(SLOW));
            }
            _ => {}
        }
        self.json(200, &body)
    }

    fn tokens(&self, issued: &Issued) -> Value {
        json!({
            "access_token": issued.access,
            "refresh_token": issued.refresh,
            "token_type": "Bearer",
            "expires_in": issued.life.as_secs(),
            "scope": "openid profile email model.completion",
            "resource_url": resource_url(&self.origin()),
        })
    }

    fn pending(&self) -> Outgoing {
        self.error(
            400,
            "authorization_pending",
            "The login is not approved yet.",
        )
    }

    fn error(&self, status: u16, code: &str, description: &str) -> Outgoing {
        self.json(
            status,
            &json!({"error": code, "error_description": description}),
        )
    }

    fn json(&self, status: u16, body: &Value) -> Outgoing {
        let answer = Answer::json(status, body.to_string(), self.id);
        Outgoing::Plain(answer.header("cache-control", "no-store"))
    }

    fn page(&self, status: u16, page: &'static str) -> Outgoing {
        Outgoing::Plain(Answer::whole(status, HTML, page, self.id))
    }
}

/// A connection that breaks inside the answer.
fn reset() -> Outgoing {
    let reply = Reply::new(200)
        .header("content-type", "application/json")
        .chunk("{\"access_to")
        .end(End::Reset);
    Outgoing::Exact(reply)
}

fn remove(body: &mut Value, name: &str) {
    if let Some(object) = body.as_object_mut() {
        object.remove(name);
    }
}
