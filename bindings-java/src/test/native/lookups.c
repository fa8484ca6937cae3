/*
 * A JVMTI agent that records what a library looks up through JNI: classes, methods, fields, and the
 * classes that it names to Class.forName and ClassLoader.loadClass. Each look-up is a line of a
 * file.
 *
 * Options: LIBRARY=FILE. Calls of other libraries, such as the JDK's own, are not recorded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <jni.h>
#include <jvmti.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jvmtiEnv *jvmti;
static jniNativeInterface *original;
static const char *library;
static FILE *record;

/* Whether the code at this address is the library's. */
static int is_recorded(void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 && info.dli_fname != NULL &&
         strstr(info.dli_fname, library) != NULL;
}
#define RECORDED is_recorded(__builtin_return_address(0))

static void line(const char *kind, const char *type, const char *name, const char *signature) {
  fprintf(record, "%s\t%s\t%s\t%s\n", kind, type, name, signature);
  fflush(record);
}

static void member(const char *kind, jclass type, const char *name, const char *signature) {
  char *described = NULL;
  if ((*jvmti)->GetClassSignature(jvmti, type, &described, NULL) != JVMTI_ERROR_NONE) {
    line("unknown", "", name, signature);
    return;
  }
  line(kind, described, name, signature);
  (*jvmti)->Deallocate(jvmti, (unsigned char *)described);
}

static jclass JNICALL find_class(JNIEnv *env, const char *name) {
  if (RECORDED)
    line("class", name, "", "");
  return original->FindClass(env, name);
}

static jmethodID JNICALL get_method(JNIEnv *env, jclass type, const char *name,
                                    const char *signature) {
  if (RECORDED)
    member("method", type, name, signature);
  return original->GetMethodID(env, type, name, signature);
}

static jmethodID JNICALL get_static_method(JNIEnv *env, jclass type, const char *name,
                                           const char *signature) {
  if (RECORDED)
    member("method", type, name, signature);
  return original->GetStaticMethodID(env, type, name, signature);
}

static jfieldID JNICALL get_field(JNIEnv *env, jclass type, const char *name,
                                  const char *signature) {
  if (RECORDED)
    member("field", type, name, signature);
  return original->GetFieldID(env, type, name, signature);
}

static jfieldID JNICALL get_static_field(JNIEnv *env, jclass type, const char *name,
                                         const char *signature) {
  if (RECORDED)
    member("field", type, name, signature);
  return original->GetStaticFieldID(env, type, name, signature);
}

/* Throwing with a message calls the constructor that takes one. */
static jint JNICALL throw_new(JNIEnv *env, jclass type, const char *message) {
  if (RECORDED)
    member("method", type, "<init>", "(Ljava/lang/String;)V");
  return original->ThrowNew(env, type, message);
}

/* If the method loads a class, its name. */
static void loaded(JNIEnv *env, jmethodID method, const jvalue *arguments) {
  char *name = NULL;
  const char *type;
  if ((*jvmti)->GetMethodName(jvmti, method, &name, NULL, NULL) != JVMTI_ERROR_NONE)
    return;
  if (strcmp(name, "forName") == 0 || strcmp(name, "loadClass") == 0) {
    type = original->GetStringUTFChars(env, arguments[0].l, NULL);
    line("loaded", type, "", "");
    original->ReleaseStringUTFChars(env, arguments[0].l, type);
  }
  (*jvmti)->Deallocate(jvmti, (unsigned char *)name);
}

static jobject JNICALL call_static(JNIEnv *env, jclass type, jmethodID method,
                                   const jvalue *arguments) {
  if (RECORDED)
    loaded(env, method, arguments);
  return original->CallStaticObjectMethodA(env, type, method, arguments);
}

static jobject JNICALL call(JNIEnv *env, jobject object, jmethodID method,
                            const jvalue *arguments) {
  if (RECORDED)
    loaded(env, method, arguments);
  return original->CallObjectMethodA(env, object, method, arguments);
}

static void JNICALL start(jvmtiEnv *unused, JNIEnv *env, jthread thread) {
  jniNativeInterface *table;
  (void)unused, (void)env, (void)thread;
  if ((*jvmti)->GetJNIFunctionTable(jvmti, &original) != JVMTI_ERROR_NONE ||
      (*jvmti)->GetJNIFunctionTable(jvmti, &table) != JVMTI_ERROR_NONE)
    abort();
  table->FindClass = find_class;
  table->GetMethodID = get_method;
  table->GetStaticMethodID = get_static_method;
  table->GetFieldID = get_field;
  table->GetStaticFieldID = get_static_field;
  table->ThrowNew = throw_new;
  table->CallStaticObjectMethodA = call_static;
  table->CallObjectMethodA = call;
  if ((*jvmti)->SetJNIFunctionTable(jvmti, table) != JVMTI_ERROR_NONE)
    abort();
}

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved) {
  jvmtiEventCallbacks callbacks;
  char *file = strchr(options, '=');
  (void)reserved;
  if (file == NULL || (*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_1_2) != JNI_OK)
    return JNI_ERR;
  library = strndup(options, (size_t)(file - options));
  record = fopen(file + 1, "w");
  if (library == NULL || record == NULL)
    return JNI_ERR;
  memset(&callbacks, 0, sizeof callbacks);
  callbacks.VMInit = start;
  if ((*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks) != JVMTI_ERROR_NONE ||
      (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL) !=
          JVMTI_ERROR_NONE)
    return JNI_ERR;
  return JNI_OK;
}
