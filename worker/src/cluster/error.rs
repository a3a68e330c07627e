//! Why the cluster did not do what was asked, by what follows from it.

/// Source: HTTP status codes of the Kubernetes API conventions.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No answer, or one that says "not now" (429, 5xx): ask again later.
    #[error("the apiserver does not answer")]
    Unreachable(#[source] Box<kube::Error>),
    /// There is no such object.
    #[error("the object is not there")]
    NotFound(#[source] Box<kube::Error>),
    /// Somebody else was faster, or the namespace is on its way out: look again.
    #[error("the object changed in between")]
    Conflict(#[source] Box<kube::Error>),
    /// We have no right to it; one that was given just now takes a moment.
    #[error("the apiserver does not allow it")]
    Forbidden(#[source] Box<kube::Error>),
    /// The request itself is wrong or not allowed: asking again does not help.
    #[error("the apiserver refuses")]
    Refused(#[source] Box<kube::Error>),
}

impl ClusterError {
    /// The sentence of the apiserver or of the network.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Unreachable(error)
            | Self::NotFound(error)
            | Self::Conflict(error)
            | Self::Forbidden(error)
            | Self::Refused(error) => match error.as_ref() {
                kube::Error::Api(status) => status.message.clone(),
                other => shared::telemetry::chain(other),
            },
        }
    }
}

impl From<kube::Error> for ClusterError {
    fn from(error: kube::Error) -> Self {
        let kind = match &error {
            kube::Error::Api(status) => of_status(status),
            kube::Error::HyperError(_)
            | kube::Error::Service(_)
            | kube::Error::ReadEvents(_)
            | kube::Error::SerdeError(_)
            | kube::Error::Auth(_) => Self::Unreachable,
            _ => Self::Refused,
        };
        kind(Box::new(error))
    }
}

fn of_status(status: &kube::core::Status) -> fn(Box<kube::Error>) -> ClusterError {
    match status.code {
        404 => ClusterError::NotFound,
        409 => ClusterError::Conflict,
        // While the apiserver starts, its own clients may not be known yet.
        401 | 429 | 500.. => ClusterError::Unreachable,
        403 if is_terminating(status) => ClusterError::Conflict,
        403 if is_without_right(status) => ClusterError::Forbidden,
        _ => ClusterError::Refused,
    }
}

/// The apiserver's word for "nothing new in a namespace that is being removed".
fn is_terminating(status: &kube::core::Status) -> bool {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .into_iter()
        .any(|cause| cause.reason == "NamespaceTerminating")
}

/// A refusal by the authorizer; admission (quotas, policies) says 403 too.
/// Source: `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go`.
fn is_without_right(status: &kube::core::Status) -> bool {
    let words = &status.message;
    words.contains("is forbidden: User ") && words.contains(" cannot ")
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use kube::core::response::StatusDetails;

    use super::*;

    fn of(code: u16, cause: &str) -> ClusterError {
        let details = serde_json::json!({"causes": [{"reason": cause}]});
        let details: StatusDetails = serde_json::from_value(details).unwrap();
        let status = Status {
            code,
            message: cause.to_owned(),
            details: Some(details),
            ..Default::default()
        };
        kube::Error::Api(status.boxed()).into()
    }

    #[test]
    fn every_code_has_its_consequence() {
        for (code, cause, kind) in [
            (404, "", "NotFound"),
            (409, "", "Conflict"),
            (403, "NamespaceTerminating", "Conflict"),
            (403, "", "Refused"),
            (
                403,
                "exceeded quota: store, requested: secrets=1",
                "Refused",
            ),
            (
                403,
                "secrets is forbidden: User \"u\" cannot create resource \"secrets\" in API group \"\" in the namespace \"n\"",
                "Forbidden",
            ),
            (422, "", "Refused"),
            (400, "", "Refused"),
            (401, "", "Unreachable"),
            (429, "", "Unreachable"),
            (500, "", "Unreachable"),
            (503, "", "Unreachable"),
            (504, "", "Unreachable"),
        ] {
            let error = format!("{:?}", of(code, cause));
            assert!(error.starts_with(kind), "{code} {cause}: {error}");
        }
    }
}
