{{generated}}
package io.capsock;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

{{about}}
public enum Feature {
{{values}}

  private final long bit;

  Feature(long bit) {
    this.bit = bit;
  }

  /** The features of a number of the native core; bits that have no name here are left out. */
  static Set<Feature> set(long bits) {
    Set<Feature> set = EnumSet.allOf(Feature.class);
    set.removeIf(feature -> (bits & feature.bit) == 0);
    return Collections.unmodifiableSet(set);
  }
}
