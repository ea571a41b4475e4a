//! Words that answers are made of. One of them alone is never taken for a part of what was sent.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::needle::FIELDS;
use super::words::folded;

/// What servers say of any request, in English and Danish.
const COMMON: &str = "about above absent accept accepted access account action active after again agent agents \
    allowed already also annex another answer array attachment audio authorization available away because been \
    before being below between body boolean both business byte bytes call calls cannot case cases change changed \
    channel channels character characters charset check client closed code codes column comment company complete \
    conflict connection consent contact contain contains content conversation conversations could country create \
    created currently custom customer customers data database date dates day days decimal default deleted denied \
    different digit digits does domain down duplicate duration each either else email empty encoding end ended ends \
    enough error errors even every exactly exceed exceeded exceeds exist existing exists expected expired external \
    failed failure false field fields file files filename find first five float following forbidden form format found \
    four from full future gateway given greater group have having header headers help hour hours http https identifier \
    identity illegal inbound inside integer internal into invalid item items json just know known label labels language \
    large last later least length less letters like limit line lines list locked long longer made mail mailbox make \
    malformed many match matches maximum maybe media memory message messages method minimum minute minutes missing \
    month more most much must name named names need needs negative never next none note nothing null number numbers \
    object once only open opened operation option order organisation organization other outbound outside over page \
    parameter parse part past path payload permission person phone place please position positive possible present \
    previous priority problem processed property provided queue quota range reached read reading reason received \
    recording record records reference refused region regular reject rejected removed repeated request requests require \
    required requires resource response result retry return role same save schema second seconds section segment \
    segments send sent server service several shall short shorter should show since size some something source space \
    specified start started state status still stored string strings subject such support supported sure syntax system \
    table take team teams test text than that their them then there these they this those three ticket time timed \
    timeout times title token tokens truncated true type types unauthorized unavailable unexpected unexpectedly unique \
    unit unknown unprocessable unsupported until update updated upload uploaded upper used user users uses using valid \
    validation value values version very violates want warning were when where whether which while whose will with \
    within without word words work would write wrong year years your zero zone \
    agenten allerede angivet anmodning blev bliver burde dansk efter eksisterer ellers eller emne emnet feltet \
    felt findes forkert forventet fejl gyldig gyldigt gyldige have hvis højst ikke ingen inden indhold kaldet kanal \
    kunde kunden kunne længde mangler mellem mindre mindst medarbejder navn nummer opkald opkaldet optagelse \
    påkrævet samtale samtalen server skal skulle teamet tegn ukendt ugyldig ugyldigt uden være værdi værdien";

static ALL: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let all = COMMON.split_whitespace().chain(FIELDS);
    all.map(folded).collect()
});

/// Whether a folded word is one of them.
pub(super) fn has(word: &str) -> bool {
    ALL.contains(word)
}
