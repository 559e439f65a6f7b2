//! Writes the seeds of the fuzz targets: `seeds FOLDER` makes `FOLDER/TARGET/NAME` for each.

use std::io;
use std::path::Path;

use ozonetel_tests::seeds::seeds;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("seeds FOLDER"))?;
    for (target, _) in ozonetel_properties::ALL {
        let folder = Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder)?;
        for (name, seed) in seeds(target) {
            std::fs::write(folder.join(name), seed)?;
        }
    }
    Ok(())
}
