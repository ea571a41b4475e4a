//! A file that says something of one recording, as the JSON of one record that names the recording.

use std::path::Path;

use serde_json::Value as Json;

use super::Input;
use super::xml::xml_to_json;

/// The key under which a record of metadata names its recording.
const RECORDING: &str = "recording_name";

/// The recording whose metadata an input is: its name without `ending`, whatever the case of that.
pub(super) fn recording_of(input: &Input, ending: &str) -> Option<String> {
    let name = Path::new(&**input.name()).file_name()?.to_str()?;
    let start = name.len().checked_sub(ending.len())?;
    let is_its = start > 0 && name.is_char_boundary(start);
    let is_its = is_its && name[start..].to_lowercase() == ending.to_lowercase();
    is_its.then(|| name[..start].to_owned())
}

/// The text of a document of metadata as JSON, with the name of its recording. The error is a line and
/// what is wrong there.
pub(super) fn as_json(text: &[u8], recording: Option<&str>) -> Result<Vec<u8>, (u64, String)> {
    let text = text.trim_ascii_start();
    let mut tree = if text.starts_with(b"<") {
        let text = String::from_utf8_lossy(text);
        xml_to_json(&text)?
    } else {
        serde_json::from_slice(text)
            .map_err(|error| (u64::try_from(error.line()).unwrap_or(0), error.to_string()))?
    };
    if let (Json::Object(members), Some(recording)) = (&mut tree, recording) {
        let name = Json::String(recording.to_owned());
        members.entry(RECORDING).or_insert(name);
    }
    Ok(tree.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_name_their_recording_unless_they_do_it_themselves() {
        let json = |text: &str| {
            as_json(text.as_bytes(), Some("a_1")).map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(
            json("<r><id>7</id></r>").unwrap(),
            "{\"id\":\"7\",\"recording_name\":\"a_1\"}"
        );
        assert_eq!(
            json("{\"recording_name\":\"b\"}").unwrap(),
            "{\"recording_name\":\"b\"}"
        );
        assert_eq!(json("<r>\n<id></r>").unwrap_err().0, 2);
        let input = |name: &str| Input::file(Path::new(name));
        assert_eq!(
            recording_of(&input("x/a_1.XML"), ".xml"),
            Some("a_1".to_owned())
        );
        let genesys = recording_of(&input("r.opus_metadata.json"), "_metadata.json");
        assert_eq!(genesys.as_deref(), Some("r.opus"));
        assert_eq!(recording_of(&input(".xml"), ".xml"), None);
        assert_eq!(recording_of(&input("calls.json"), "_metadata.json"), None);
    }
}
