//! The container and the Kubernetes pod that the process runs in, as far as the kernel's files tell.
//!
//! Pure functions of the files' text, by Elastic's rules for `/proc/self/cgroup` and `/proc/self/mountinfo`.

/// What the kernel's files tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Discovered {
    pub(super) container_id: Option<String>,
    pub(super) pod_uid: Option<String>,
}

/// Reads the files of this process. Where there are none, such as on other systems, nothing is discovered.
pub(super) fn discover() -> Discovered {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    parse(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"))
}

fn parse(cgroup: &str, mountinfo: &str) -> Discovered {
    cgroup.lines().find_map(from_cgroup).unwrap_or_else(|| Discovered {
        container_id: mountinfo.lines().find_map(from_mountinfo).map(str::to_owned),
        pod_uid: None,
    })
}

/// A line such as `1:name=systemd:/ecs/…/<id>`.
fn from_cgroup(line: &str) -> Option<Discovered> {
    let path = line.splitn(3, ':').nth(2)?.trim();
    let (folder, name) = path.rsplit_once(':').or_else(|| path.rsplit_once('/'))?;
    let name = match name.strip_suffix(".scope") {
        Some(scope) => scope.rsplit_once('-').map_or(scope, |(_, id)| id),
        None => name,
    };
    let pod_uid = pod_uid(folder);
    // What lies in a pod's folder is a container, whatever its id looks like.
    if name.is_empty() || !(pod_uid.is_some() || is_container_id(name)) {
        return None;
    }
    Some(Discovered { container_id: Some(name.to_owned()), pod_uid })
}

/// The pod that a folder such as `/kubepods/burstable/pod<uid>` or `…/kubepods-burstable-pod<uid>.slice` belongs to.
fn pod_uid(folder: &str) -> Option<String> {
    let last = folder.rsplit('/').next().filter(|_| folder.starts_with("/kubepods"));
    if let Some(uid) = last.and_then(|last| last.strip_prefix("pod")).filter(|uid| !uid.is_empty()) {
        return Some(uid.to_owned());
    }
    folder.split('/').rev().find_map(|slice| {
        // What some runtimes put behind the slice is not part of it: `….slice:cri-containerd`.
        let (pod, _) = slice[slice.find("kubepods")?..].rsplit_once(".slice")?;
        let (_, uid) = pod.split_once("-pod").filter(|(_, uid)| !uid.is_empty())?;
        Some(uid.replace('_', "-"))
    })
}

/// The id in the path that is mounted at `/etc/hostname`, which container engines give each container.
fn from_mountinfo(line: &str) -> Option<&str> {
    let mut columns = line.split_whitespace().skip(3);
    let (root, mounted_at) = (columns.next()?, columns.next()?);
    root.split('/').find(|part| mounted_at == "/etc/hostname" && is_hex(part, 64..=64))
}

/// 64 hex digits, a UUID, or the form that AWS ECS uses.
fn is_container_id(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    match parts[..] {
        [id] => is_hex(id, 64..=64),
        [task, number] => {
            is_hex(task, 32..=32)
                && (1..=10).contains(&number.len())
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        [first, ref middle @ .., last] if middle.len() == 3 => {
            is_hex(first, 8..=8)
                && middle.iter().all(|part| is_hex(part, 4..=4))
                && is_hex(last, 4..=usize::MAX)
        }
        _ => false,
    }
}

fn is_hex(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn containers_and_pods_are_those_of_elastics_cases() {
        let Some(text) = crate::config::spec_data("json-specs/container_metadata_discovery.json") else {
            return;
        };
        let cases: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();

        for (name, case) in &cases {
            let file = |path: &str| {
                let lines = case["files"][path].as_array().into_iter().flatten();
                lines.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
            };
            let found = parse(&file("/proc/self/cgroup"), &file("/proc/self/mountinfo"));
            assert_eq!(found.container_id.as_deref(), case["containerId"].as_str(), "{name}");
            assert_eq!(found.pod_uid.as_deref(), case["podId"].as_str(), "{name}");
        }
        println!("container_metadata_discovery.json: {} cases ran", cases.len());
        assert!(cases.len() >= 6);
    }

    #[test]
    fn a_pod_of_the_older_layout_is_found_with_any_container_id() {
        let found = parse("3:cpu:/kubepods/besteffort/pod0e886e9a-3879-45f9-b44d-86ef9df03224/abc", "");

        let uid = Some("0e886e9a-3879-45f9-b44d-86ef9df03224".to_owned());
        assert_eq!(found, Discovered { container_id: Some("abc".to_owned()), pod_uid: uid });
    }

    #[test]
    fn a_container_runtimes_colon_form_is_read() {
        let id = "2227daf62df6694645fee5df53c1f91271546a9560e8600a525690ae252b7f63";
        let line = format!("0::/system.slice/containerd.service/kubepods-pod1_2.slice:cri-containerd:{id}");

        let found = parse(&line, "");

        assert_eq!((found.container_id.as_deref(), found.pod_uid.as_deref()), (Some(id), Some("1-2")));
    }

    #[test]
    fn garbage_discovers_nothing() {
        for text in [
            "",
            "1:",
            "a:b:c",
            "0::/",
            "1:x:/kubepods/pod",
            "1:x:/kubepods/pod/a",
            "1:x:/kubepods-pod.slice/a",
            ":::::",
            "1 2 3 4",
        ] {
            assert_eq!(parse(text, text), Discovered::default(), "{text}");
        }
    }
}
