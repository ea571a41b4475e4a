//! What there is to be told of a recording that has arrived.

use super::uploader::UploadResult;
use crate::domain::Code;
use crate::domain::call::Field;
use crate::targets::call::job::{CallJob, RecordingUpload};

/// What is to be told of a recording that has arrived; `is_adopted` by this run.
pub(in crate::targets) fn upload_remarks(
    job: &CallJob,
    recording: &RecordingUpload,
    result: &UploadResult,
    is_adopted: bool,
) -> Vec<(Code, String)> {
    let mut remarks = Vec::new();
    if let Some(now) = result.bytes_now {
        let sent = recording.bytes;
        let message =
            format!("it had {sent} bytes when it was sent and has {now} now; it is not sent again");
        remarks.push((Code::RecordingChangedSinceSent, message));
    }
    let said = job.call.text(Field::AudioChannels);
    if is_adopted && recording.channels == Some(1) && !matches!(said, "" | "Stereo") {
        let message = "the conversation was made by somebody else, and may count as stereo; the \
                       recording has one channel";
        remarks.push((Code::RecordingChannels, message.to_owned()));
    }
    remarks
}
