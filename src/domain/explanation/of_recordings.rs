//! Cause and cure of the problems with recordings.

use super::Explanation;

texts! {
    RecordingMissing
        "No recording was found for this call."
        "It is not copied yet, was never made, or has a name that the mapping does not expect."
        "Check `--audio` and `[audio] match`, or `[audio.fetch]`. The call is held until a run finds its recording. \
         `--missing-audio create` sends it without, `--missing-audio refuse` rejects it.",
    RecordingAmbiguous
        "Several recordings fit this call."
        "The same name lies in two folders, the recording was cut into parts, or a pattern is too \
         wide."
        "If they are parts of one call, say what becomes of them with `[audio] several`. Else make \
         `[audio] match` narrower, for example with the name of the folder, or move the wrong file \
         away.",
    RecordingEmpty
        "The recording has no byte of sound."
        "The call was not answered, or recording failed and left an empty file or a bare header."
        "Fetch the file again if the source has more. Else move it away; the call is then treated \
         as one without a recording, by `--missing-audio`.",
    RecordingTooLarge
        "The recording is larger than the 1 GB that the API takes."
        "A very long call was stored without compression, or the file holds more than one call."
        "Convert it to a smaller format, for example FLAC or MP3, and run again.",
    RecordingOutside
        "The path of the recording leaves the folder or store of `--audio`."
        "The export has absolute paths, paths with `..`, or a link in the folder points elsewhere."
        "Name the folder above all recordings with `--audio`. Let `[audio] match` use only the path \
         below it. For paths of Windows, set `path = \"windows\"` in [audio]. Nothing outside of that \
         folder is ever read.",
    RecordingUnreadable
        "The recording cannot be opened."
        "The rights of the file forbid it, the share is not connected, or another program holds \
         the file."
        "Give the user of this program the right to read it, then run again.",
    RecordingShared
        "Two calls claim the same recording, or an earlier run sent it with another call."
        "Two rows describe one call, a pattern of the mapping is too wide, or numbers began anew."
        "Leave the surplus rows out with `[source] skip`, or make `[audio] match` narrower.",
    RecordingUnclaimed
        "No record of the export claims this recording."
        "Its call is in another export, its record is rejected, or its name is not what the mapping \
         expects."
        "Correct the rejected record, or compare the name with `[audio] match`. If its call is in \
         another file, there is nothing to do.",
    RecordingsNotSearched
        "Some folders are not searched for recordings."
        "They are recycle bins (`#recycle`, `$RECYCLE.BIN`), snapshots (`.snapshot`), an index \
         (`@eaDir`), or begin with a dot."
        "If they hold deleted files or copies, there is nothing to do. Else move the recordings, or \
         name that folder with `--audio`.",
    RecordingNotSound
        "The file in the place of the recording is no sound."
        "A download left an error page, the file is packed or was never filled, or its header is wrong."
        "Fetch the recording again; the call is held and goes out on the first run that finds \
         sound. If there is none, move the file away: `--missing-audio` then decides.",
    RecordingTruncated
        "The recording ends before its header says."
        "The copy is still going on or was interrupted, or the system crashed while it recorded."
        "The call is held and goes out on the first run that finds the recording whole. If it stays \
         so, compare its size with the source and fetch it again. If the source has no more, have \
         a sound editor or ffmpeg write it anew, or move it away: `--missing-audio` then decides.",
    RecordingUnfinished
        "The recording was written less than `--min-age` ago."
        "The old system, or a copy, may still be writing it."
        "Nothing to do: the call is held and goes out on the first run that finds the recording \
         old enough.",
    RecordingMislabelled
        "The content of the recording is not what its name says."
        "The file was renamed instead of converted, or the system gives every file the same \
         ending."
        "Give the file the ending of its real kind, so that the server reads it correctly. It is \
         sent as it is.",
    RecordingFormat
        "The recording is of a kind that the API may not take."
        "The system stores recordings in a format of telephony that few programs read."
        "Try one call first with `--limit 1`. If the server refuses it, run with `--transcode`, \
         which has an installed ffmpeg turn such recordings into WAV.",
    RecordingChannels
        "The channels of the recording do not fit the channels that are sent."
        "The mapping states one layout for all, while the system records some calls differently."
        "Use `audioChannels = { value = \"auto\" }` to go by each recording, or correct the \
         column. Wrong channels mix up who said what.",
    RecordingDuration
        "The length of the recording does not fit the duration in the export."
        "The duration counts ringing, the recording was paused or cut, or it belongs to another \
         call."
        "Listen to one of them. If all differ by a little, the export counts something else: nothing to \
         do. If few differ by much, check `[audio] match`.",
    RecordingTime
        "The time in the recording's name does not fit the time of the call."
        "The two were written in different zones, or the recording belongs to another call."
        "If all differ by the same hours, correct the zone (`[source] timezone` or `--timezone`) before \
         the first run. If single ones differ, check `[audio] match`.",
    RecordingSilent
        "Nobody speaks in one channel of the recording, or its sound is nothing but zeros."
        "The microphone was muted, or the system writes two channels for a call that has only one."
        "Listen to one of them. If the second channel is always silent, state `audioChannels` in \
         the mapping.",
    RecordingJoined
        "Several recordings of one call are sent as one."
        "The call was transferred or recording was paused, and the mapping says `several = \
         \"join\"`."
        "Look once at the order, which is that of the names. If it is wrong, use `several = \
         \"first\"` or \"longest\", or leave these calls out.",
    RecordingNotMade
        "Recordings cannot be put together or converted."
        "Their formats or channels differ, ffmpeg is not installed where it is needed, or ffmpeg \
         cannot read one of them."
        "Install ffmpeg (only equal plain WAV files can be joined without it). For a file that it \
         cannot read, fetch it again from the source, or move it away.",
    RecordingChanged
        "The recording is not the file that was found, or changed before all of it was sent."
        "During the run, the old system was still writing it, or somebody moved, replaced or linked it."
        "Nothing to do: the call is held until a run finds the recording unchanged. `--min-age 2m` \
         leaves files alone that were written a moment ago. If a link took its place, find out who may \
         write to the folder.",
    RecordingUnavailable
        "The store of the recordings did not give a recording that it listed."
        "It is in cold storage, a right to read is missing, or the store could not be reached."
        "Do what the message says: restore the object, grant the right. Then run again: the call is held \
         until a run gets its recording.",
    StoreCredentials
        "The store of the recordings refuses the credentials."
        "They expired while the run worked, or somebody revoked them."
        "Renew the credentials and run again: the call is held until a run gets its recording.",
    RecordingEncrypted
        "The recording is encrypted."
        "The old system encrypts what it stores or delivers, with PGP mostly."
        "Name a command that decrypts it in the mapping, such as `[audio] decrypt = \"gpg --decrypt --batch\"`. \
         If the command fails, its last line says why: run it by hand once. The call is held and goes \
         out on the first run that gets plain sound.",
    RecordingChangedSinceSent
        "The recording has another size than when it was sent."
        "It was sent before it was whole, or somebody replaced or converted it afterwards."
        "The conversation keeps what was sent. If that was only a part, add the whole recording in \
         Capturi. For later runs, set `--min-age 2m`. If it was converted, there is nothing to do.",
    HeldTooLong
        "The call has been held for longer than `--hold-for`."
        "Its recording was never made, has another name, or is damaged for good; its other problem \
         says which. Or no later export had its record again."
        "Do what the other problem says. If this export lacks the record, run the export that had it, \
         or drop it: `capturi-import ledger forget-held ID`. If there is no recording, `--missing-audio \
         create` sends the call without one. `--hold-for` says how long a call may wait before this \
         warning.",
}
