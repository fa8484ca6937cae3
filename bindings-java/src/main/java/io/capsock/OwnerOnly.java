package io.capsock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryFlag;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.List;

/** Folders that no other user can enter, as far as the file store knows users. */
final class OwnerOnly {
  private OwnerOnly() {}

  /** The attributes of such a folder in {@code parent}, for a user who owns it. */
  static FileAttribute<?>[] attributes(Path parent, UserPrincipal user) throws IOException {
    // The file store is asked last: Linux finds none in a chroot.
    return parent.getFileSystem().supportedFileAttributeViews().contains("acl")
            && Files.getFileStore(parent).supportsFileAttributeView(AclFileAttributeView.class)
        ? new FileAttribute<?>[] {new Acl(List.of(everything(user)))}
        : permissions(parent);
  }

  /** The same by the permissions of POSIX; none on a system that has none. */
  static FileAttribute<?>[] permissions(Path parent) {
    return parent.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** The user may do everything with the folder and with what will be in it. */
  private static AclEntry everything(UserPrincipal user) {
    return AclEntry.newBuilder()
        .setType(AclEntryType.ALLOW)
        .setPrincipal(user)
        .setPermissions(EnumSet.allOf(AclEntryPermission.class))
        .setFlags(AclEntryFlag.FILE_INHERIT, AclEntryFlag.DIRECTORY_INHERIT)
        .build();
  }

  private record Acl(List<AclEntry> value) implements FileAttribute<List<AclEntry>> {
    @Override
    public String name() {
      return "acl:acl";
    }
  }
}
