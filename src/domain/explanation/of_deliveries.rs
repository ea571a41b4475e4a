//! Cause and cure of the problems with what the server answered.

use super::Explanation;

texts! {
    ServerRefused
        "The server refused this call or its recording."
        "The server has a rule of its own, or your organisation lacks a value, such as a custom \
         property."
        "The message has the server's status and reason. Correct the record, or set up in Capturi what \
         is missing. Then run again: only what is missing there is sent.",
    GaveUp
        "The call was tried as often as allowed, without success."
        "The server or the line had a bad time."
        "Run the same command again later: only what is missing there is sent. `--retries` sets how \
         often a call is tried.",
    AlreadyThere
        "Somebody else made this conversation. It was left alone or adopted."
        "Another tool or another ledger has sent a call with this id before."
        "With `--existing skip` nothing is sent for such a call. With `--existing adopt` it gets its \
         recording. `--read-url` asks first whether it has one. Without that proof this is a warning \
         (exit code 3): the recording may be in Capturi twice.",
    MessageLeftOut
        "A message of a ticket is left out."
        "It is a private note, or a rule of the mapping (`skip` in [messages]) names it."
        "Nothing to do. `--private-notes` sends private notes, too.",
    MessageInDoubt
        "A message got no reliable answer and was sent again."
        "The connection broke, or the server had an error. The export lacks messages of the ticket, so \
         the whole ticket could not be replaced."
        "Look at the ticket in Capturi: it may have the message twice.",
    UploadInDoubt
        "An upload got no reliable answer and was sent again."
        "The connection broke, or the server answered with an error (5xx), perhaps after it had stored \
         the recording."
        "Look at the conversation in Capturi: it may have the recording twice. With `--read-url`, a run \
         asks for such an upload before it sends it again.",
}
