//! Cause and cure of the problems with what the server answered.

use super::Explanation;

texts! {
    ServerRefused
        "The server refused this call or its recording."
        "A rule of the server that the contract does not tell, or a value that your organisation \
         has not set up, such as a custom property."
        "The message has the server's status and reason. Correct the record, or set up in Capturi \
         what is missing, and run again: only what is not yet in place is sent.",
    GaveUp
        "The call was tried as often as allowed, without success."
        "The server or the line had a bad time."
        "Run the same command again later: only what is not yet in place is sent. `--retries` sets \
         how often a call is tried.",
    AlreadyThere
        "Somebody else made this conversation; it was left alone or taken over."
        "Another tool or another ledger has sent a call with this id before."
        "With `--existing skip` nothing is sent for such a call; with `--existing adopt` it gets its \
         recording. `--read-url` asks first whether it has one. Without proof that it has none this is a \
         warning (exit code 3): look in Capturi whether the recording is there twice.",
    MessageLeftOut
        "A message of a ticket is left out."
        "It is a private note, or a rule of the mapping (`skip` in [messages]) names it."
        "Nothing to do. `--private-notes` sends private notes, too.",
    MessageInDoubt
        "No answer said whether a message had arrived, and it was sent again."
        "The line broke after the message had left, or the server answered with an error of its \
         own, and the export does not hold all messages of the ticket, so that the ticket could not be replaced as a whole."
        "Look at the ticket in Capturi: the message is there, and it may be there twice.",
    UploadInDoubt
        "No answer said whether an upload had arrived, and it was sent again."
        "The line broke after the recording had left, or the server answered with an error of its \
         own (5xx), which may come before or after it took the recording in."
        "Look at the conversation in Capturi: the recording is in place, and it may be there \
         twice. With --read-url such an upload is looked up before it is sent again.",
}
