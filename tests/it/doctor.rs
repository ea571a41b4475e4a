//! `doctor` finds what would stop a run, says what to do, and sends no call; completions go where the shell
//! reads them.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::program::{Ended, Workdir};
use crate::harness::server::{Server, TOKEN};

fn doctor(workdir: &Workdir, url: &str, arguments: &[&str]) -> Ended {
    let mut all = vec!["doctor", "--base-url", url, "--read-url", url];
    all.extend_from_slice(arguments);
    workdir.call(&all)
}

#[test]
fn a_machine_in_order_is_ready_and_nothing_arrives() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    let ended = doctor(&workdir, &server.url(), &[]).with_code(0);
    for told in [
        "ok       token        in CAPTURI_API_TOKEN",
        "ok       access       the destination accepts the token",
        "ok       read API     ",
        "ok       clock        agrees",
        "ok       ledger       capturi-import.db is not there yet",
        "ok       disk         ",
        "ok       time zones   ",
        "Ready: 0 faults",
    ] {
        assert!(ended.out.contains(told), "{told}\n{}", ended.out);
    }
    let snapshot = server.snapshot();
    assert_eq!(snapshot.conversations.len() + snapshot.cases.len(), 0);
    assert_eq!(workdir.files(), Vec::<String>::new());
}

#[test]
fn each_fault_is_told_with_its_cure_and_hides_no_other() {
    let (workdir, server) = (Workdir::new(), Server::healthy());
    workdir.write("wrong", "another-token");
    let path = workdir.write("open", TOKEN);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    let wrong = workdir.path("wrong");
    std::fs::set_permissions(wrong, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    doctor(&workdir, &server.url(), &["--token-file", "wrong"])
        .with_code(2)
        .says("fault    access       the destination refuses the token (401)")
        .says("fault    read API")
        .says("Not ready: 2 faults");
    doctor(&workdir, &server.url(), &["--token-file", "open"])
        .with_code(2)
        .says("chmod 600")
        .says("ok       destination");
    doctor(
        &workdir,
        "http://127.0.0.1:9",
        &["--ledger", "no/such/a.db"],
    )
    .with_code(2)
    .says("fault    destination")
    .says("Check --base-url")
    .says("fault    disk");
    let ended = workdir.program(&["doctor", "--base-url", &server.url()]);
    let mut ended = ended;
    let ended = Ended::from(
        ended
            .env_remove("CAPTURI_API_TOKEN")
            .output()
            .expect("it starts"),
    );
    ended
        .with_code(2)
        .says("fault    token        no token: set CAPTURI_API_TOKEN")
        .says("ok       destination");
}

#[test]
fn a_ledger_of_another_destination_is_told() {
    let (workdir, server) = (
        Workdir::with(&crate::harness::export::calls(1, 3)),
        Server::healthy(),
    );
    workdir.run(&server, &["calls.csv"]).with_code(0);
    doctor(&workdir, &server.url(), &[])
        .with_code(0)
        .says("capturi-import.db belongs to http");
    let other = Server::healthy();
    doctor(&workdir, &other.url(), &[])
        .with_code(2)
        .says("fault    ledger")
        .says("--ledger");
}

#[test]
fn completions_go_where_the_shell_reads_them_and_over_nothing_else() {
    let workdir = Workdir::new();
    let install = |shell: &str| {
        let mut program = workdir.program(&["completions", "--install"]);
        program.env("HOME", workdir.path(".")).env("SHELL", shell);
        Ended::from(program.output().expect("it starts"))
    };
    for (shell, file) in [
        (
            "/bin/bash",
            ".local/share/bash-completion/completions/capturi-import",
        ),
        (
            "/usr/bin/fish",
            ".config/fish/completions/capturi-import.fish",
        ),
        ("/usr/bin/zsh", ".zfunc/_capturi-import"),
    ] {
        install(shell).with_code(0).says(file);
        assert!(workdir.read(file).contains("verify"), "{file}");
        // Again, after an upgrade.
        install(shell).with_code(0);
        workdir.write(file, "somebody else's");
        install(shell).with_code(2).says("already exists");
        assert_eq!(workdir.read(file), "somebody else's");
    }
    install("/bin/elvish").with_code(2).says("in the profile");
    workdir.call(&["completions"]).with_code(2);
}
