//! The names that columns have in the exports people send, by target, the surest first.
//!
//! Compared in lower case without anything but letters and digits; Danish, Swedish and Norwegian
//! words stand beside the English ones.

use crate::call::Field;

/// The names of columns that feed a field, separated by blanks.
const NAMES: &[(Field, &str)] = &[
    (
        Field::ExternalIdentity,
        "externalidentity externalid callid opkaldsid samtaleid uniqueid callguid calluuid \
         conversationid interactionid contactid linkedid callsid recordingid id sessionid \
         sid guid uuid",
    ),
    (
        Field::AgentId,
        "agentid agentno agentnr medarbejderid medarbejdernr employeeid operatorid userid \
         agentlogin userlogin login initialer agentextension extension lokalnummer lokalnr \
         anknytning username agent user bruger brugerid",
    ),
    (
        Field::AgentName,
        "agentname agentfullname agentnavn medarbejdernavn medarbejder operatorname \
         operator employeename employee sælger saelger handläggare agentnamn fullname \
         displayname username agent user bruger users name navn namn",
    ),
    (
        Field::AgentEmail,
        "agentemail agentmail useremail medarbejderemail medarbejdermail operatoremail \
         agentepost email mail epost",
    ),
    (
        Field::Customer,
        "customerphone customerphonenumber customernumber phonenumber phone telefonnummer \
         telefon tlf tlfnr telefonnr kundetelefon externalnumber remotenumber remote \
         contactphonenumber rawdigits msisdn callernumber callerid caller ani customer \
         kunde kund number nummer from fra från src destination",
    ),
    (
        Field::DateTime,
        "datetime starttime startdatetime startedat startat callstart calldate calltime \
         starttid starttidspunkt tidspunkt conversationstart initiationtimestamp timestamp \
         started start datestarted createdat created oprettet dato datum date time tid",
    ),
    (
        Field::Subject,
        "title subject emne titel overskrift ämne topic",
    ),
    (
        Field::CustomerCompany,
        "customercompany company companyname firma virksomhed företag account accountname",
    ),
    (
        Field::Labels,
        "labels tags tagsname tag etiketter label queue queuename kø kö skill skillname \
         campaign campaignname kampagne kampanj ringgroups",
    ),
    (
        Field::Status,
        "outcome disposition dispositioncode dispname udfald resultat result wrapup \
         wrapupcode status statusname",
    ),
    (
        Field::HasConsent,
        "hasconsent consent samtykke samtycke recordingconsent",
    ),
    (Field::AudioChannels, "audiochannels"),
    (Field::TeamId, "teamid teamno"),
    (
        Field::TeamName,
        "teamname team afdeling avdelning avdeling department usergroup group gruppe hold",
    ),
    (
        Field::CustomProp2,
        "outcomereason reason årsag notes note comments comment kommentar description \
         beskrivelse",
    ),
    (
        Field::CustomProp3,
        "caseid sagsnummer sagsnr ticketid leadid customerid kundenr kundenummer",
    ),
    (
        Field::CustomNumberProp1,
        "talktime talkduration talking billsec taletid samtaletid conversationseconds \
         lengthinsec duration callduration varighed varaktighet durationseconds agenttime",
    ),
    (
        Field::CustomNumberProp2,
        "waittime waitingtime queuetime queuewaittime inqueue ventetid väntetid ringtime \
         ringing timetoanswer",
    ),
];

/// The names of columns that feed a field.
pub(super) fn of(field: Field) -> Vec<&'static str> {
    if field == Field::CustomProp1 {
        return DIRECTIONS.to_vec();
    }
    let names = NAMES.iter().find(|(known, _)| *known == field);
    names.map_or_else(Vec::new, |(_, names)| names.split(' ').collect())
}

/// The columns that say who called whom.
pub(super) const DIRECTIONS: &[&str] = &[
    "direction",
    "calldirection",
    "retning",
    "riktning",
    "originatingdirection",
    "calltype",
    "type",
];
/// The number that called.
pub(super) const CALLERS: &[&str] = &[
    "from",
    "fromnumber",
    "src",
    "source",
    "ani",
    "caller",
    "callernumber",
    "callerid",
    "callingnumber",
    "callingpartynumber",
    "fra",
    "från",
    "anumber",
    "anummer",
    "origin",
];
/// The number that was called.
pub(super) const CALLED: &[&str] = &[
    "to",
    "tonumber",
    "dst",
    "destination",
    "dnis",
    "callee",
    "called",
    "callednumber",
    "finalcalledpartynumber",
    "til",
    "till",
    "bnumber",
    "bnummer",
    "dialed",
    "dialednumber",
];
/// What a conversation can be called by.
pub(super) const TOPICS: &[&str] = &[
    "campaign",
    "campaignname",
    "kampagne",
    "queue",
    "queuename",
    "kø",
    "kö",
    "skillname",
    "skill",
    "linename",
    "phonedisplayname",
];
/// The name of a recording.
pub(super) const RECORDINGS: &[&str] = &[
    "audiofile",
    "recordingfile",
    "recordingfilename",
    "recording",
    "filename",
    "wavfile",
    "lydfil",
    "optagelse",
    "audio",
    "recordingid",
];
/// The clock beside a day.
pub(super) const CLOCKS: &[&str] = &[
    "starttime",
    "time",
    "tid",
    "klokkeslæt",
    "klokkeslet",
    "kl",
    "calltime",
    "tidspunkt",
    "clock",
];

/// Words that say nothing without what stands before them in a path: `Queue.Name` is no agent's.
const GENERIC: &[&str] = &[
    "name", "id", "number", "type", "status", "duration", "email", "time", "date", "value",
];

/// Position of a column's name among `names`; a name at the end of a path counts a little less.
pub(super) fn rank(column: &str, names: &[&str]) -> Option<usize> {
    let position = |wanted: &str| names.iter().position(|name| *name == folded(wanted));
    let (before, last) = column.rsplit_once('.').unwrap_or(("", column));
    let parent = before.rsplit('.').next().unwrap_or(before);
    let end = if before.is_empty() || GENERIC.contains(&folded(last).as_str()) {
        position(&format!("{parent}{last}"))
    } else {
        position(last).or_else(|| position(&format!("{parent}{last}")))
    };
    position(column)
        .map(|at| at * 2)
        .or(end.map(|at| at * 2 + 1))
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
