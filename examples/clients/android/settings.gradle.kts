// Never compiled against Android, nor run: the tests of this project have no Android.
pluginManagement { repositories { google(); mavenCentral(); gradlePluginPortal() } }
dependencyResolutionManagement { repositories { google(); mavenCentral() } }
rootProject.name = "kerasbert-sample"
include(":app")
