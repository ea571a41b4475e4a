//! The wire: one function per endpoint, lenient reading, typed errors.
//!
//! Knows how a call is written for each version of the API and how an answer is read. Every function
//! sends exactly one request: no retry, no waiting, no pacing and no judgement whether another try
//! makes sense, since that is `delivery`'s. The token lives here and cannot be printed.

mod bandwidth;
mod client;
mod connect_error;
mod conversation_json;
mod endpoints;
mod error;
pub(crate) mod json_writer;
mod problem_details;
mod redacted;
mod transport;
mod upload_body;
mod upload_line;
mod upload_watch;

pub(crate) use bandwidth::BandwidthLimiter;
pub use client::{ApiVersion, Client, Connection};
pub use conversation_json::{body, has_field};
pub use endpoints::audio::{ConversationRef, upload};
pub use endpoints::case::{
    append_message, case_fields, case_with_message, message_only, patch_case, put_case,
    put_message, whole_case,
};
pub use endpoints::conversation::{Created, create};
pub use endpoints::details::{ConversationDetails, CountedInCall, conversation_details};
pub use endpoints::list_query::ConversationList;
pub use endpoints::metadata::{CustomProperties, change_properties};
pub use endpoints::probe::{DestinationProbe, ProbeAnswer};
pub use endpoints::read::{ReadClient, ReadConnection};
pub use endpoints::reply::{ConversationQuery, ConversationReply, FoundConversation, ListPage};
pub use endpoints::told_value::ToldValue;
pub use endpoints::transcript::{Transcript, Utterance, transcript};
pub use error::{Error, RetryAfter};
pub use transport::{ClientError, HttpOptions, ProxyUse};
pub(crate) use transport::{http as http_client, http_builder as http_client_builder};
pub use upload_body::{AudioSettings, SentBytes, Throttle, UploadBody};
