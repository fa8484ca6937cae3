//! Gives the shared library its soname: programs are bound to the ABI's version, not to the file's
//! name. The number goes up when a compiled program would no longer work.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let named = match os.as_str() {
        "macos" => Some("-Wl,-install_name,@rpath/libcapsock.0.dylib"),
        // The import library names the DLL.
        "windows" => None,
        _ => Some("-Wl,-soname,libcapsock.so.0"),
    };
    if let Some(argument) = named {
        println!("cargo:rustc-cdylib-link-arg={argument}");
    }
}
