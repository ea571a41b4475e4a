//! What a web server says is in a folder: an index in HTML or JSON, or the answer of `WebDAV`.

use std::time::{Duration, SystemTime};

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::Url;

use super::error::SourceError;
use super::object::{ObjectState, ObjectTag};

/// One file or folder of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexEntry {
    /// Its name, without the folders above it.
    pub(super) name: String,
    pub(super) is_folder: bool,
    /// What the index says of a file, where it says all that is needed.
    pub(super) state: Option<ObjectState>,
}

/// An entry of nginx's index in JSON: its manual, `ngx_http_autoindex_module`.
#[derive(Deserialize)]
struct JsonEntry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    mtime: Option<String>,
    size: Option<u64>,
}

/// The answer to `PROPFIND`: RFC 4918, section 14.
#[derive(Deserialize)]
struct MultiStatus {
    #[serde(default)]
    response: Vec<DavResponse>,
}

#[derive(Deserialize)]
struct DavResponse {
    href: String,
    #[serde(default)]
    propstat: Vec<PropStat>,
}

#[derive(Deserialize)]
struct PropStat {
    status: Option<String>,
    prop: Prop,
}

#[derive(Deserialize)]
struct Prop {
    getcontentlength: Option<String>,
    getlastmodified: Option<String>,
    getetag: Option<String>,
    resourcetype: Option<ResourceType>,
}

#[derive(Deserialize)]
struct ResourceType {
    collection: Option<serde::de::IgnoredAny>,
}

/// What Apache, nginx, lighttpd and Python write above an index.
const INDEX_TITLES: [&str; 2] = ["index of", "directory listing"];

/// Reads an index in JSON or HTML.
pub(super) fn entries_of_page(page: &str, folder: &Url) -> Result<Vec<IndexEntry>, SourceError> {
    if page.trim_start().starts_with('[') {
        let entries: Vec<JsonEntry> = serde_json::from_str(page).map_err(|_| no_index())?;
        return entries.into_iter().map(of_json).collect();
    }
    let lower = page.to_ascii_lowercase();
    let is_page =
        lower.contains("</html>") || lower.contains("</body>") || lower.contains("</pre>");
    // A page that asks for a login has a form, and an index has none; half of a page is no index.
    if !is_page || lower.contains("<form") || lower.contains("type=\"password\"") {
        return Err(no_index());
    }
    let mut entries: Vec<IndexEntry> = Vec::new();
    for target in links(page) {
        if let Some(entry) = below(folder, &target.replace("&amp;", "&"))
            && !entries.iter().rev().take(2).any(|known| *known == entry)
        {
            entries.push(entry);
        }
    }
    // Of a folder without files the title is all that tells it from any other page.
    if entries.is_empty() && !INDEX_TITLES.iter().any(|title| lower.contains(title)) {
        return Err(no_index());
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries.dedup();
    Ok(entries)
}

fn no_index() -> SourceError {
    SourceError::Refused(
        "the server answered with something that is no index of files: a login page, or a folder \
         without an index. Name the recordings by their URLs in the mapping (`[audio.fetch]`)"
            .to_owned(),
    )
}

fn of_json(entry: JsonEntry) -> Result<IndexEntry, SourceError> {
    let is_folder = entry.kind == "directory";
    if entry.name.contains('/') || matches!(&*entry.name, "" | "." | "..") {
        return Err(no_index());
    }
    let modified = entry
        .mtime
        .as_deref()
        .and_then(|text| httpdate::parse_http_date(text).ok());
    let state = entry
        .size
        .zip(modified)
        .map(|(bytes, modified)| ObjectState {
            bytes,
            tag: None,
            modified,
            cold: None,
        });
    Ok(IndexEntry {
        name: entry.name,
        is_folder,
        state: state.filter(|_| !is_folder),
    })
}

/// The targets of all links of a page.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("href=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next()?;
        match quote {
            '"' | '\'' => rest[1..].split(quote).next(),
            _ => rest
                .split(|char: char| char.is_whitespace() || char == '>')
                .next(),
        }
    })
}

/// What a link names, if it is in this very folder.
fn below(folder: &Url, link: &str) -> Option<IndexEntry> {
    let url = folder.join(link).ok()?;
    // Links that only sort the page come back to it.
    if url.origin() != folder.origin() || link.starts_with(['?', '#']) {
        return None;
    }
    // Servers write the same path in several ways.
    let (path, above) = (decoded(&url), decoded(folder));
    let rest = path.strip_prefix(&*above)?;
    let (name, is_folder) = match rest.strip_suffix(b"/") {
        Some(name) => (name, true),
        None => (rest, false),
    };
    let name = String::from_utf8(name.to_vec()).ok()?;
    if name.contains('/') || matches!(&*name, "" | "." | "..") {
        return None;
    }
    Some(IndexEntry {
        name,
        is_folder,
        state: None,
    })
}

/// The path of a URL without its percent signs.
fn decoded(url: &Url) -> Vec<u8> {
    percent_decode_str(url.path()).collect()
}

/// Reads the answer of `WebDAV`.
pub(super) fn entries_of_webdav(xml: &str, folder: &Url) -> Result<Vec<IndexEntry>, SourceError> {
    let broken = || SourceError::broken("the answer is no whole list of WebDAV");
    let list = Some(xml).filter(|xml| xml.contains("multistatus"));
    let list: Option<MultiStatus> = list.and_then(|xml| quick_xml::de::from_str(xml).ok());
    let mut entries = Vec::new();
    let mut has_folder = false;
    for response in list.ok_or_else(broken)?.response {
        let Some(mut entry) = below_webdav(folder, response.href.trim())? else {
            has_folder = true;
            continue;
        };
        let works = |one: &&PropStat| {
            one.status
                .as_deref()
                .is_none_or(|status| status.contains(" 200"))
        };
        if let Some(found) = response.propstat.iter().find(works) {
            let prop = &found.prop;
            let kind = prop.resourcetype.as_ref();
            entry.is_folder |= kind.is_some_and(|kind| kind.collection.is_some());
            entry.state = (!entry.is_folder).then(|| state(prop)).flatten();
        }
        entries.push(entry);
    }
    if has_folder {
        Ok(entries)
    } else {
        Err(broken())
    }
}

/// What an answer of `WebDAV` names: something in the folder, or the folder itself. Servers write the
/// same path in several ways, and those behind others name another host.
fn below_webdav(folder: &Url, href: &str) -> Result<Option<IndexEntry>, SourceError> {
    let elsewhere = || SourceError::Refused("WebDAV names files of another folder".to_owned());
    let url = folder.join(href).map_err(|_| elsewhere())?;
    let (path, above) = (decoded(&url), decoded(folder));
    let rest = match path.strip_prefix(&*above) {
        Some(rest) => rest,
        None if path.as_slice() == above.strip_suffix(b"/").unwrap_or(&above) => b"",
        None => return Err(elsewhere()),
    };
    let (name, is_folder) = match rest.strip_suffix(b"/") {
        Some(name) => (name, true),
        None => (rest, false),
    };
    if name.is_empty() {
        return Ok(None);
    }
    let name = String::from_utf8(name.to_vec()).map_err(|_| elsewhere())?;
    if name.contains('/') {
        return Err(elsewhere());
    }
    Ok(Some(IndexEntry {
        name,
        is_folder,
        state: None,
    }))
}

fn state(prop: &Prop) -> Option<ObjectState> {
    let modified = prop.getlastmodified.as_deref()?.trim();
    Some(ObjectState {
        bytes: prop.getcontentlength.as_deref()?.trim().parse().ok()?,
        tag: prop.getetag.as_deref().and_then(ObjectTag::parse),
        modified: whole_seconds(httpdate::parse_http_date(modified).ok()?),
        cold: None,
    })
}

fn whole_seconds(at: SystemTime) -> SystemTime {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> Url {
        Url::parse("https://example.com/calls/?sig=x").unwrap()
    }

    fn shown(entries: Vec<IndexEntry>) -> Vec<(String, bool, Option<u64>)> {
        let shown = entries.into_iter();
        shown
            .map(|one| (one.name, one.is_folder, one.state.map(|state| state.bytes)))
            .collect()
    }

    #[test]
    fn an_index_page_names_what_is_in_its_folder() {
        let page = "<html><body><pre><a href=\"?C=N;O=D\">Name</a> <a href=\"/\">up</a>\
            <a href=\"../\">../</a> <a href='a%20b.wav'>a b.wav</a> <a href=\"2024/\">2024/</a>\
            <a href=/calls/c.wav>c</a> <a href=\"https://example.org/calls/x.wav\">x</a>\
            <a href=\"..%2fsecret.wav\">y</a> <a href=\"x&amp;y.wav\">z</a></pre></body></html>";
        assert_eq!(
            shown(entries_of_page(page, &folder()).unwrap()),
            [
                ("2024".to_owned(), true, None),
                ("a b.wav".to_owned(), false, None),
                ("c.wav".to_owned(), false, None),
                ("x&y.wav".to_owned(), false, None),
            ]
        );
    }

    #[test]
    fn links_to_the_folder_itself_those_above_it_and_other_orders_of_it_are_passed_over() {
        for link in [
            "",
            ".",
            "./",
            "./?C=M",
            "/calls",
            "/calls/",
            "/calls/?C=N&amp;O=D",
            "?C=N;O=D",
            "#top",
            "..",
            "../",
            "../?C=S",
            "/",
            "HTTPS://EXAMPLE.COM/calls/",
            "//example.com/calls/./",
            "/c%61lls/",
            "%2e%2e/",
            "mailto:ann@example.com",
            "javascript:sort()",
        ] {
            let page =
                format!("<html><a href=\"{link}\">x</a><a href=\"/c%61lls/%61.wav\">a</a></html>");
            let found = shown(entries_of_page(&page, &folder()).unwrap());
            assert_eq!(found, [("a.wav".to_owned(), false, None)], "{link}");
        }
    }

    #[test]
    fn an_index_in_json_tells_sizes() {
        let page = r#"[{"name":"2024","type":"directory","mtime":"Wed, 01 May 2024 10:00:00 GMT"},
            {"name":"a.wav","type":"file","mtime":"Wed, 01 May 2024 10:00:00 GMT","size":7}]"#;
        assert_eq!(
            shown(entries_of_page(page, &folder()).unwrap()),
            [
                ("2024".to_owned(), true, None),
                ("a.wav".to_owned(), false, Some(7))
            ]
        );
        assert!(entries_of_page("[{\"name\":\"../x\",\"type\":\"file\"}]", &folder()).is_err());
    }

    #[test]
    fn what_is_no_index_is_none() {
        for page in [
            "",
            "ok",
            "<html><body><a href=\"a.wav\">",
            "<!DOCTYPE html><html><title>Sign in</title></html>",
            "<html><form action=login><input type=\"password\"></form></html>",
            "[{\"name\":",
        ] {
            assert!(entries_of_page(page, &folder()).is_err(), "{page}");
        }
    }

    #[test]
    fn webdav_tells_files_and_folders() {
        let xml = "<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\">\
            <D:response><D:href>/calls/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/>\
            </D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\
            <D:response><D:href>/calls/2024/</D:href><D:propstat><D:prop><D:resourcetype>\
            <D:collection/></D:resourcetype></D:prop></D:propstat></D:response>\
            <D:response><D:href>/calls/a%20b.wav</D:href><D:propstat><D:prop>\
            <D:getcontentlength>7</D:getcontentlength><D:getetag>\"t\"</D:getetag>\
            <D:getlastmodified>Wed, 01 May 2024 10:00:00 GMT</D:getlastmodified><D:resourcetype/>\
            </D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>";
        assert_eq!(
            shown(entries_of_webdav(xml, &folder()).unwrap()),
            [
                ("2024".to_owned(), true, None),
                ("a b.wav".to_owned(), false, Some(7))
            ]
        );
        let spelled = Url::parse("https://example.com/k%C3%B8b/").unwrap();
        let other = "<D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>http://inner/k%c3%b8b/</D:href>\
            </D:response><D:response><D:href>/k%c3%b8b/%61.wav</D:href></D:response></D:multistatus>";
        let found = shown(entries_of_webdav(other, &spelled).unwrap());
        assert_eq!(found, [("a.wav".to_owned(), false, None)]);
        assert!(entries_of_webdav(other, &folder()).is_err());
        let none = "<D:multistatus xmlns:D=\"DAV:\"></D:multistatus>";
        assert!(entries_of_webdav(none, &folder()).is_err());
        assert!(entries_of_webdav("<html></html>", &folder()).is_err());
        assert!(entries_of_webdav("<D:multistatus xmlns:D=\"DAV:\">", &folder()).is_err());
    }
}
