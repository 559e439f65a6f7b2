//! Files with numbers in them.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Makes a file that only its owner can read, as for a database with numbers in it. One that is there stays as it is.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("desk.sqlite");
/// ozonetel_store::create_private(&path)?;
/// std::fs::write(&path, "kept")?;
/// ozonetel_store::create_private(&path)?;
/// assert_eq!(std::fs::read_to_string(&path)?, "kept");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What the file system says.
pub fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_that_is_made_is_its_owners_and_one_that_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        create_private(&path).unwrap();
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        create_private(&path).unwrap();
        assert_eq!(mode(), 0o640);
        let nowhere = create_private(&folder.path().join("missing/calls.db")).unwrap_err();
        assert_eq!(nowhere.kind(), ErrorKind::NotFound);
    }
}
