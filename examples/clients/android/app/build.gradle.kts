// Never compiled against Android, nor run: the tests of this project have no Android.
plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "kerasbert.sample"
    compileSdk = 35
    defaultConfig {
        applicationId = "kerasbert.sample"
        minSdk = 23
        targetSdk = 35
        versionCode = 1
        versionName = "1.0"
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    kotlinOptions { jvmTarget = "17" }
    androidResources { noCompress += "tflite" }
}

dependencies { implementation("com.google.ai.edge.litert:litert:2.1.5") }
