/* The names of libgcc_s.so.1 that Rust's standard library has a use for. A library that is linked
 * with this one takes them from that one when it is loaded, where zig would put an unwinder of its
 * own into it. */
void _Unwind_Backtrace(void) {}
void _Unwind_DeleteException(void) {}
void _Unwind_FindEnclosingFunction(void) {}
void _Unwind_GetCFA(void) {}
void _Unwind_GetDataRelBase(void) {}
void _Unwind_GetGR(void) {}
void _Unwind_GetIP(void) {}
void _Unwind_GetIPInfo(void) {}
void _Unwind_GetLanguageSpecificData(void) {}
void _Unwind_GetRegionStart(void) {}
void _Unwind_GetTextRelBase(void) {}
void _Unwind_RaiseException(void) {}
void _Unwind_Resume(void) {}
void _Unwind_SetGR(void) {}
void _Unwind_SetIP(void) {}
