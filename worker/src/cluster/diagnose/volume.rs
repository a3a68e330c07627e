//! Volume claims that are not bound, and why. Pure. A claim that waits for its
//! first pod is as it should be.

use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim};
use kube::ResourceExt as _;
use shared::failure::FailureCode;

use crate::cluster::diagnose::Finding;
use crate::cluster::diagnose::pod::last_event;

/// Words of the volume controllers that are trouble.
const TROUBLE: [&str; 2] = ["ProvisioningFailed", "FailedBinding"];

/// Every claim in trouble.
#[must_use]
pub fn findings(claims: &[PersistentVolumeClaim], events: &[Event]) -> Vec<Finding> {
    let pending = claims.iter().filter(|claim| {
        let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref());
        phase == Some("Pending") && claim.metadata.deletion_timestamp.is_none()
    });
    let troubled = pending.filter_map(|claim| {
        let name = claim.name_any();
        let event = last_event(events, "PersistentVolumeClaim", &name, &TROUBLE)?;
        let message = event.message.clone().unwrap_or_default();
        Some(Finding {
            code: FailureCode::VolumePending,
            detail: format!("Volume claim `{name}`: {message}"),
            provable: false,
            object: format!("PersistentVolumeClaim/{name}"),
            container: None,
            follows: false,
        })
    });
    troubled.collect()
}
