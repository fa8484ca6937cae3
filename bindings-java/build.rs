//! Gives macOS' library a name of its own, or it would have that of the folder that it was built in.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libcapsock_jni.dylib");
    }
}
