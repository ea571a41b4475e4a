//! Keeps the token, which lies in memory, from being written down with a program that crashed.

/// Asks the system for no core dump of this process, and that no other program of the user looks into its
/// memory. Where the system refuses, the program works all the same.
pub fn keep_memory_private() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // A program of the system that takes dumps (`core_pattern` with a pipe) obeys this and not the limit.
        let _ =
            rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        // What the user may raise again stays, for the programs that are started.
        let Rlimit { maximum, .. } = getrlimit(Resource::Core);
        let current = Some(0);
        let _ = setrlimit(Resource::Core, Rlimit { current, maximum });
    }
}
