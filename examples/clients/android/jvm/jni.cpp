// LiteRT for Kotlin on this machine, through the client in C++: what LiteRtModel.kt is on Android.
#include <jni.h>

#include "../../cpp/kerasbert.h"

namespace {

std::string text(JNIEnv* java, jstring string) {
  const char* bytes = java->GetStringUTFChars(string, nullptr);
  const std::string copy = bytes;
  java->ReleaseStringUTFChars(string, bytes);
  return copy;
}

template <class Run>
auto guarded(JNIEnv* java, Run run) -> decltype(run()) {
  try {
    return run();
  } catch (const std::exception& error) {
    java->ThrowNew(java->FindClass("java/lang/IllegalStateException"), error.what());
    return {};
  }
}

}  // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_kerasbert_jvm_JniModel_open(JNIEnv* java, jobject, jstring path) {
  return guarded(java, [&] { return reinterpret_cast<jlong>(new kerasbert::Model(text(java, path))); });
}

JNIEXPORT void JNICALL Java_kerasbert_jvm_JniModel_close(JNIEnv*, jobject, jlong model) {
  delete reinterpret_cast<kerasbert::Model*>(model);
}

JNIEXPORT jboolean JNICALL Java_kerasbert_jvm_JniModel_has(JNIEnv* java, jobject, jlong model, jstring signature) {
  return guarded(java, [&] { return jboolean(reinterpret_cast<kerasbert::Model*>(model)->has(text(java, signature))); });
}

// The names and the bytes of the outputs, in turn.
JNIEXPORT jobjectArray JNICALL Java_kerasbert_jvm_JniModel_run(JNIEnv* java, jobject, jlong model, jstring signature,
                                                               jobjectArray inputs) {
  return guarded(java, [&] {
    std::vector<std::vector<int32_t>> texts;
    for (jsize i = 0; i < java->GetArrayLength(inputs); ++i) {
      const auto row = static_cast<jintArray>(java->GetObjectArrayElement(inputs, i));
      texts.emplace_back(java->GetArrayLength(row));
      java->GetIntArrayRegion(row, 0, java->GetArrayLength(row), texts.back().data());
    }
    auto answers = reinterpret_cast<kerasbert::Model*>(model)->run(text(java, signature), texts);
    jobjectArray found = java->NewObjectArray(2 * answers.size(), java->FindClass("java/lang/Object"), nullptr);
    jsize i = 0;
    for (auto& [name, tensor] : answers) {
      const jbyteArray bytes = java->NewByteArray(4 * tensor.size);
      java->SetByteArrayRegion(bytes, 0, 4 * tensor.size, tensor.data<jbyte>());
      java->SetObjectArrayElement(found, i++, java->NewStringUTF(name.c_str()));
      java->SetObjectArrayElement(found, i++, bytes);
    }
    return found;
  });
}
}
