//! The static binary where nothing else is: an empty root, nobody's user, a real cluster.
use protocol_tests::{Kafka, Topica, skip};
use std::os::unix::fs::{PermissionsExt, chown};

#[test]
fn discovers_in_an_empty_root_as_nobody() {
    let Some(binary) = std::env::var_os("TOPICA_MUSL_BINARY") else {
        skip("TOPICA_MUSL_BINARY, the binary that scripts/build-static.sh builds");
        return;
    };
    let Some(kafka) = Kafka::shared() else { return };
    let prefix = kafka.topic("static.");
    kafka.write(&format!("{prefix}orders.json"), [r#"{"id":1,"at":"2024-02-29T00:00:00Z"}"#]);
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::copy(&binary, root.path().join("topica")).unwrap();
    std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let discover = ["/topica", "discover", "--servers", kafka.servers(), "--topic-prefix", &prefix, "-o", "/out"];
    // Root becomes nobody inside; anybody else is as good as nobody there, by a user namespace.
    let nobody = chown(&out, Some(65534), Some(65534)).is_ok();
    let run = if nobody {
        Topica::of("chroot", ["--userspec=65534:65534"]).args([root.path()]).args(discover).run()
    } else {
        Topica::of("unshare", ["--map-current-user", "--root"]).args([root.path()]).args(discover).run()
    };
    let run = run.exit(0);
    let sql = std::fs::read_to_string(out.join("orders.table.sql")).unwrap_or_else(|e| panic!("{e}\n{run}"));
    assert!(sql.contains("`id` BIGINT") && sql.contains("`at` TIMESTAMP_LTZ(3)"), "{sql}");
}
