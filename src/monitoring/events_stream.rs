//! Server-sent events: the status each second, for the live page.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http_body_util::StreamBody;
use hyper::body::{Body, Frame};
use tokio::time::MissedTickBehavior;

use super::board::RunBoard;
use super::status_view::StatusJson;

/// Time between two events.
const BETWEEN: Duration = Duration::from_secs(1);

/// The events from now on, for ever.
pub(super) fn events(board: Arc<RunBoard>) -> impl Body<Data = Bytes, Error = Infallible> + Send {
    let mut ticks = tokio::time::interval(BETWEEN);
    // Whoever slept wants the state of now, and not one for each second of it.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    StreamBody::new(stream::unfold(
        (board, ticks),
        |(board, mut ticks)| async move {
            ticks.tick().await;
            let text = StatusJson(&board.latest()).text();
            let event = Bytes::from(format!("data: {text}\n\n"));
            Some((Ok(Frame::data(event)), (board, ticks)))
        },
    ))
}
