//! What is made of an outcome that a worker of the release before cannot have brought
//! about. Pure. What stands here goes one release after the program it is about.

use std::borrow::Cow;

use shared::contract::envelope::Envelope;
use shared::contract::event::EventBody;
use shared::failure::{Failure, FailureCode};

use crate::record::OperationRecord;

const KNOWS_NO_REST: &str = "A worker of an older release took it, which does not know how a store rests. Another try follows by itself.";

/// The event as it is to be taken in.
///
/// A worker of 0.1.0 does not read `suspended`: it finds the store as it was, says
/// Ready, and the shop serves on. Its Ready names no images, as every later one does.
/// That is a try that failed and changed nothing; the next one may find a worker of
/// today.
pub fn believed<'a>(
    operation: &OperationRecord,
    event: &'a Envelope<EventBody>,
) -> Cow<'a, Envelope<EventBody>> {
    let rests = operation.spec.as_ref().is_some_and(|spec| spec.suspended);
    match &event.body {
        EventBody::Ready { images, .. } if rests && images.is_empty() => Cow::Owned(Envelope {
            body: EventBody::Failed {
                failure: Failure::new(FailureCode::Internal, KNOWS_NO_REST),
                changed: false,
                run: 0,
            },
            ..event.clone()
        }),
        _ => Cow::Borrowed(event),
    }
}
