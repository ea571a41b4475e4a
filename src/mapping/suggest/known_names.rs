//! The names that columns have in the exports people send, by target, the surest first.
//!
//! Compared in lower case without anything but letters and digits; Danish, Swedish, Norwegian and
//! German words stand beside the English ones.

use super::name_rank::{WITHIN, folded, last_step, rank, words};
use crate::domain::call::Field;

/// The names of columns that feed a field, separated by blanks.
const NAMES: &[(Field, &str)] = &[
    (
        Field::ExternalIdentity,
        "externalidentity externalid callid opkaldsid samtaleid uniqueid callguid calluuid \
         conversationid interactionid correlationid linkedid callsid recordingid hsobjectid recordid id sessionid \
         sid guid uuid contactid \
         opkaldsnr opkaldsnummer samtalenr samtalenummer samtalsid anropsid vorgangsnummer \
         vorgangsid anrufid gesprächsid kennung callref reference referanse referens referenz",
    ),
    (
        Field::AgentId,
        "agentid agentno assigneeid ownerid advisorid repid representativeid agentnr medarbejderid medarbejdernr employeeid operatorid userid hubspotownerid \
         agentlogin userlogin login initialer agentextension extension lokalnummer lokalnr \
         anknytning username agent user bruger brugerid \
         medarbnr medarbejdernummer bearbeiterid mitarbeiterid mitarbeiternummer \
         agentennummer nebenstelle durchwahl",
    ),
    (
        Field::AgentName,
        "agentname agentfullname userdisplayname assigneename ownername repname advisorname representative agentnavn medarbejdernavn medarbejder operatorname \
         operator employeename employee sælger saelger handläggare agentnamn fullname \
         displayname agentusername username callassignedto activityassignedto agent user bruger users name navn namn \
         medarb bearbeiter mitarbeiter mitarbeitername agentenname sachbearbeiter benutzer \
         saksbehandler selger konsulent rådgiver",
    ),
    (
        Field::AgentEmail,
        "agentemail agentmail useremail userprincipalname assigneeemail owneremail repemail advisoremail medarbejderemail medarbejdermail operatoremail \
         agentepost email mail epost \
         emailadresse epostadresse mailadresse",
    ),
    (
        Field::Customer,
        "customerphone customerphonenumber customernumber phonenumber phone telefonnummer \
         telefon tlf tlfnr telefonnr kundetelefon externalnumber remotenumber remote \
         contactphonenumber rawdigits msisdn callernumber callerid caller ani customer \
         kunde kund number nummer from fra från src destination \
         rufnummer anrufer gegenstelle kundenrufnummer mobil mobilnummer handynummer",
    ),
    (
        Field::DateTime,
        "datetime hstimestamp starttime talkstart callstarttime startdatetime startedat startat callstart calldate calltime \
         starttid starttidspunkt tidspunkt conversationstart initiationtimestamp timestamp activitydate \
         started start datestarted createdat created oprettet dato datum date time tid \
         beginn anfang startzeit anrufbeginn anrufzeit zeitpunkt påbegyndt",
    ),
    (
        Field::Subject,
        "title subject calltitle hscalltitle betreff thema emne titel overskrift ämne topic",
    ),
    (
        Field::CustomerCompany,
        "customercompany company companyname firma virksomhed företag account accountname",
    ),
    (
        Field::Labels,
        "labels tags tagsname tag etiketter label queue queuename kø kö skill skillname \
         campaign campaignname kampagne kampanj ringgroups \
         warteschlange kø",
    ),
    (
        Field::Status,
        "outcome calloutcome disposition calldisposition dispositionname dispositioncode dispname udfald resultat result wrapup \
         wrapupcode status statusname \
         ergebnis utfall abschluss",
    ),
    (
        Field::HasConsent,
        "hasconsent consent einwilligung zustimmung samtykke samtycke recordingconsent",
    ),
    (Field::AudioChannels, "audiochannels"),
    (Field::TeamId, "teamid teamno"),
    (
        Field::TeamName,
        "teamname abteilung team afdeling avdelning avdeling department usergroup group gruppe hold",
    ),
    (
        Field::CustomProp2,
        "outcomereason reason årsag notes note comments comment kommentar description \
         beskrivelse \
         bemærkning bemerkung notiz notizen anmerkung merknad anteckning",
    ),
    (
        Field::CustomProp3,
        "caseid sagsnummer sagsnr ticketid leadid customerid kundenr kundenummer",
    ),
    (
        Field::CustomNumberProp1,
        "talktime talkduration talking billsec taletid samtaletid conversationseconds \
         lengthinsec hscallduration duration callduration varighed varaktighet durationseconds agenttime \
         gesprächsdauer gesprächszeit sprechzeit dauer samtalslängd incallduration agentinteractionduration calldurationinseconds talktimeseconds totalduration",
    ),
    (
        Field::CustomNumberProp2,
        "waittime waitingtime queuetime queuewaittime inqueue ventetid väntetid ringtime \
         ringing timetoanswer \
         wartezeit",
    ),
];

/// The names of columns that feed a field.
pub(in crate::mapping) fn of(field: Field) -> Vec<&'static str> {
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
    "hscalldirection",
    "retning",
    "riktning",
    "originatingdirection",
    "anrufrichtung",
    "richtung",
    "calldir",
    "inout",
    "calltype",
    "type",
];
/// How likely a column says who called whom, the likeliest first; `None` where its name says nothing of it.
pub fn direction_rank(column: &str) -> Option<usize> {
    rank(column, DIRECTIONS)
}

/// The number that called.
pub(super) const CALLERS: &[&str] = &[
    "from",
    "fromnumber",
    "hscallfromnumber",
    "fromphonenumber",
    "callernumber",
    "src",
    "source",
    "ani",
    "caller",
    "callerid",
    "callingnumber",
    "callingpartynumber",
    "anrufer",
    "von",
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
    "hscalltonumber",
    "tophonenumber",
    "calleenumber",
    "dst",
    "destination",
    "dnis",
    "callee",
    "called",
    "callednumber",
    "finalcalledpartynumber",
    "angerufener",
    "an",
    "nach",
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
    "warteschlange",
    "phonedisplayname",
];
/// The name of a recording.
pub(super) const RECORDINGS: &[&str] = &[
    "audiofile",
    "recordingfile",
    "recordingfilename",
    "recordingname",
    "recording",
    "filename",
    "wavfile",
    "lydfil",
    "aufnahme",
    "aufzeichnung",
    "audiodatei",
    "optagelse",
    "audio",
    "recordingid",
];
/// Names of columns that may as well be about the customer.
const OF_ANYBODY: &[&str] = &[
    "name",
    "fullname",
    "displayname",
    "navn",
    "namn",
    "email",
    "mail",
    "epost",
    "emailadresse",
    "epostadresse",
    "mailadresse",
];
/// Names of numbers that are the customer's, and nothing else.
const OF_THE_CUSTOMER: &[&str] = &[
    "customerphone",
    "customerphonenumber",
    "customernumber",
    "kundetelefon",
    "externalnumber",
    "remotenumber",
    "contactphonenumber",
    "rawdigits",
    "kundenrufnummer",
    "gegenstelle",
];
/// The last words of names of ids.
const IDS: &[&str] = &["id", "guid", "uuid", "sid", "ref", "key", "nr"];
/// What has ids beside the call.
const OTHERS: &[&str] = &[
    "agent",
    "user",
    "customer",
    "kunde",
    "client",
    "lead",
    "campaign",
    "list",
    "account",
    "company",
    "team",
    "group",
    "queue",
    "skill",
    "owner",
    "parent",
    "medarbejder",
    "contact",
    "tracker",
    "source",
    "number",
    "bruger",
    "sag",
    "case",
    "ticket",
    "order",
];

/// Whether the column may as well be about the customer as about the agent.
pub(super) fn is_of_anybody(name: &str) -> bool {
    OF_ANYBODY.contains(&folded(name).as_str())
}

/// Whether a number is the customer's.
pub(super) fn is_of_customer(name: &str) -> bool {
    is_one(name, OF_THE_CUSTOMER)
}

/// Whether the name ends as ids do, and is none of something else: `CallRail Id`, `interactionGuid`.
pub(super) fn is_id(name: &str) -> bool {
    let words = words(last_step(name));
    let ends = words
        .last()
        .is_some_and(|last| IDS.contains(&last.as_str()));
    ends && !words.iter().any(|word| OTHERS.contains(&word.as_str()))
}

/// Whether the last word of the name is one that ids have.
pub(super) fn is_id_like(name: &str) -> bool {
    let last = words(last_step(name)).pop().unwrap_or_default();
    IDS.iter().any(|id| last.ends_with(id))
}

/// Whether the whole name of the column is one of those of another field.
pub(super) fn is_anothers(field: Field, column: &str) -> bool {
    let is_part = rank(column, &of(field)).is_none_or(|rank| rank >= WITHIN);
    let others = NAMES.iter().map(|(other, _)| *other);
    is_part
        && others
            .filter(|other| *other != field)
            .any(|other| rank(column, &of(other)).is_some_and(|rank| rank < WITHIN))
}

fn is_one(name: &str, names: &[&str]) -> bool {
    names.contains(&folded(last_step(name)).as_str())
}
