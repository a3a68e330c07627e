//! A watch whose first picture comes as a stream where the apiserver has that, and as
//! a list elsewhere: one request instead of two.

use std::fmt::Debug;
use std::future::ready;

use futures_util::{Stream, StreamExt as _};
use kube::Api;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config, Error, Event, watcher};
use serde::de::DeserializeOwned;

/// All changes of these objects, from what is there now on; begins anew by itself.
pub fn watched<K>(api: Api<K>, which: Config) -> impl Stream<Item = watcher::Result<Event<K>>>
where
    K: kube::Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let streamed = watcher(api.clone(), which.clone().streaming_lists());
    let listed = watcher(api, which);
    streamed
        .take_while(|change| ready(!is_without_streams(change)))
        .chain(listed)
        .default_backoff()
}

/// A server without streaming lists calls the request invalid.
fn is_without_streams<T>(change: &Result<T, Error>) -> bool {
    let code = match change {
        Err(Error::WatchStartFailed(kube::Error::Api(status)) | Error::WatchError(status)) => {
            status.code
        }
        Ok(_) | Err(_) => return false,
    };
    matches!(code, 400 | 422)
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn only_what_is_called_invalid_is_asked_for_in_another_way() {
        for (code, expected) in [
            (422, true),
            (400, true),
            (403, false),
            (410, false),
            (500, false),
        ] {
            let status = Status {
                code,
                ..Status::default()
            };
            let refused = kube::Error::Api(status.clone().boxed());
            let refused: Result<(), _> = Err(Error::WatchStartFailed(refused));
            assert_eq!(is_without_streams(&refused), expected, "{code}");
            let ended: Result<(), _> = Err(Error::WatchError(status.boxed()));
            assert_eq!(is_without_streams(&ended), expected, "{code}");
        }
        assert!(!is_without_streams(&Ok(())));
    }
}
