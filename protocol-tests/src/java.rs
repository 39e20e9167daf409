//! Java programs: their jars from Maven, their classes from javac, both cached, and the command that runs one.
use crate::cache;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a program of `clients/<folder>` runs on.
pub(crate) struct Program {
    classes: PathBuf,
    libraries: PathBuf,
}

impl Program {
    /// Resolves the folder's `pom.xml` and compiles its `*.java`, unless both are there already.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is no Java or no Maven; anything else is Maven's or javac's own failure.
    pub(crate) fn load(folder: &str) -> io::Result<Program> {
        run(Command::new(tool("javac")).arg("-version"))?;
        let home = cache::clients().join(folder);
        let pom = home.join("pom.xml");
        let libraries = cache::built(&format!("{folder}-jars"), &std::fs::read(&pom)?, |place| {
            let maven = ["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-f"];
            run(Command::new("mvn").args(maven).arg(&pom).arg(format!("-DoutputDirectory={}", place.display())))
        })?;
        let mut sources: Vec<PathBuf> = std::fs::read_dir(&home)?
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "java"))
            .collect();
        sources.sort();
        let mut text = std::fs::read(&pom)?;
        for source in &sources {
            text.extend(std::fs::read(source)?);
        }
        let classes = cache::built(&format!("{folder}-classes"), &text, |place| {
            run(Command::new(tool("javac"))
                .arg("-nowarn")
                .arg("-cp")
                .arg(libraries.join("*"))
                .arg("-d")
                .arg(place)
                .args(&sources))
        })?;
        Ok(Program { classes, libraries })
    }

    /// `java` with this class path, fast to start, in `heap` of memory; the caller adds the program's arguments.
    pub(crate) fn command(&self, heap: &str, flags: &[&str], main: &str) -> Command {
        let mut java = Command::new(tool("java"));
        java.arg(format!("-Xmx{heap}")).args([
            "-Xshare:auto",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]);
        java.args(flags).arg("-cp").arg(format!("{}:{}/*", self.classes.display(), self.libraries.display())).arg(main);
        java
    }
}

/// A key and a self-signed certificate for a TLS listener, made once by `keytool`.
pub(crate) fn keystore() -> io::Result<PathBuf> {
    let place = cache::built("keystore", b"PKCS12, RSA, localhost", |place| {
        let request = [
            "-genkeypair",
            "-alias",
            "broker",
            "-keyalg",
            "RSA",
            "-dname",
            "CN=localhost",
            "-validity",
            "3650",
            "-storetype",
            "PKCS12",
            "-storepass",
            KEYSTORE_PASSWORD,
            "-keystore",
        ];
        run(Command::new(tool("keytool")).args(request).arg(place.join("broker.p12")))
    })?;
    Ok(place.join("broker.p12"))
}

/// What opens the keystore.
pub(crate) const KEYSTORE_PASSWORD: &str = "changeit";

fn tool(name: &str) -> PathBuf {
    std::env::var_os("JAVA_HOME")
        .map(|home| Path::new(&home).join("bin").join(name))
        .filter(|p| p.exists())
        .unwrap_or_else(|| name.into())
}

/// Runs a build step to its end; what it printed is the error when it fails.
pub(crate) fn run(command: &mut Command) -> io::Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", command.get_program().display())))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(io::Error::other(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&said))))
}
