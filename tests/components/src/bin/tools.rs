//! Builds and lists the real components that tests and demo run against.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use components::{Component, Program, ensure, missing_prerequisites};

const USAGE: &str = "\
Builds the real components that tests and demo run against, and tells where they are.

Usage: tools ensure [NAME...]   build what is missing (default: everything that tests and demo need)
       tools path NAME          print the path of a component's folder or of one of its programs
       tools list               list components, versions, programs and whether they are there
       tools doctor             name what this machine lacks, and the packages that bring it

The cache is $SIGNET_TOOLS, or ~/.cache/signet/tools.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["ensure", names @ ..] => ensure_all(names),
        ["path", name] => print_path(name),
        ["list"] => list(),
        ["doctor"] => doctor(),
        ["help" | "--help" | "-h"] => io::stdout().write_all(USAGE.as_bytes()).map_err(Into::into),
        _ => Err(format!("cannot understand {words:?}\n{USAGE}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = format!("tools: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                text.push_str(": ");
                text.push_str(&error.to_string());
                cause = error.source();
            }
            // Nobody can be told when stderr is closed.
            let _ = writeln!(io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn ensure_all(names: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut wanted = Vec::new();
    for name in names {
        wanted.push(component(name)?);
    }
    if names.is_empty() {
        wanted.extend(
            Component::ALL
                .into_iter()
                .filter(|component| component.is_default()),
        );
        report_missing()?;
    }
    for component in wanted {
        let installed = ensure(component)?;
        writeln!(
            io::stdout(),
            "{:<22} {:<10} {}",
            component.name(),
            component.version(),
            installed.folder().display()
        )?;
    }
    Ok(())
}

fn print_path(name: &str) -> Result<(), Box<dyn Error>> {
    let path = match Component::from_name(name) {
        // A component of one program is asked for by that program's name.
        Some(component) => match component.programs() {
            [program] => program.path()?,
            _ => ensure(component)?.folder().to_owned(),
        },
        None => program(name)?.path()?,
    };
    writeln!(io::stdout(), "{}", path.display())?;
    Ok(())
}

fn list() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    for component in Component::ALL {
        let state = match component.find()? {
            Some(installed) => installed.folder().display().to_string(),
            None if component.is_default() => "not built".to_owned(),
            None => "not built (only on demand)".to_owned(),
        };
        let files: Vec<&str> = component
            .programs()
            .iter()
            .map(|program| program.file())
            .collect();
        writeln!(
            out,
            "{:<22} {:<10} {:<52} {state}",
            component.name(),
            component.version(),
            files.join(" ")
        )?;
    }
    Ok(())
}

fn doctor() -> Result<(), Box<dyn Error>> {
    if report_missing()? {
        return Err("something is missing".into());
    }
    writeln!(io::stdout(), "nothing is missing")?;
    Ok(())
}

/// Names what the machine lacks on stderr, and returns whether that was anything.
fn report_missing() -> Result<bool, Box<dyn Error>> {
    let missing = missing_prerequisites();
    let mut packages: Vec<&str> = Vec::new();
    for prerequisite in &missing {
        writeln!(io::stderr(), "tools: this machine lacks {prerequisite}")?;
        packages.push(prerequisite.debian_package());
    }
    if missing.is_empty() {
        return Ok(false);
    }
    packages.dedup();
    writeln!(
        io::stderr(),
        "tools: hint: on Debian, apt-get install {}",
        packages.join(" ")
    )?;
    Ok(true)
}

fn component(name: &str) -> Result<Component, Box<dyn Error>> {
    if let Some(component) = Component::from_name(name) {
        return Ok(component);
    }
    Ok(program(name)?.component())
}

fn program(name: &str) -> Result<Program, Box<dyn Error>> {
    Component::ALL
        .into_iter()
        .flat_map(Component::programs)
        .find(|program| program.file() == name)
        .copied()
        .ok_or_else(|| format!("nothing here is called {name:?}; hint: see `tools list`").into())
}
