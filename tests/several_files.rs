//! Several files in one command: a mapping that does not fit one of them is told before anything of
//! the others is sent.

#[expect(dead_code, reason = "each topic uses its part of the harness")]
mod harness;

use harness::export::calls;
use harness::program::Place;
use harness::server::Server;

/// Two calls in `calls.csv`, and a file whose header lacks what the mapping needs.
fn place() -> Place {
    let place = Place::with(&calls(2, 11));
    place.write("later.csv", "id;phone\n1;12345678\n");
    place
}

#[test]
fn a_later_file_that_does_not_fit_is_found_before_the_first_is_sent() {
    let (place, server) = (place(), Server::healthy());
    place
        .run(&server, &["calls.csv", "later.csv"])
        .with_code(2)
        .says("stopping: later.csv has no column for `externalIdentity`")
        .says("error: later.csv has no column for `customer`");
    assert_eq!(server.requests(), 0);
    place.write("empty.csv", "");
    place
        .run(&server, &["calls.csv", "empty.csv"])
        .with_code(2)
        .says("empty.csv");
    assert_eq!(server.requests(), 0);
}

#[test]
fn so_is_standard_input_and_it_is_still_read_whole_when_it_fits() {
    let (given, server) = (calls(5, 12), Server::healthy());
    let place = Place::with(&given[..3]);
    place.record(&given);
    place
        .run_with_input(&server, &["calls.csv", "-"], "id;phone\n1;12345678\n")
        .with_code(2)
        .says("- has no column for `customer`");
    assert_eq!(server.requests(), 0);
    let rest = harness::export::table(&given[3..], b';');
    place
        .run_with_input(&server, &["calls.csv", "-"], &rest)
        .with_code(0);
    server.has_exactly(&given, "v2");
}
