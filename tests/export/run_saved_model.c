/* Runs a SavedModel through TensorFlow's C API, without Python.

   run_saved_model FOLDER OUTPUT [--library=FILE]... INPUT=FILE...

   OUTPUT and INPUT are tensors of the graph, such as "serving_default_text:0". A file that ends in ".txt" becomes
   a string tensor (B,), a line a string; any other an int32 tensor (B, S), a line a row of numbers. A library holds
   further operations, such as TensorFlow Text's. Prints OUTPUT, float32, a number a line. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"

enum { MOST = 1 << 20 }; /* bytes of a file, and numbers of a tensor */

static TF_Status* status;

static void fail(const char* what, const char* why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(const char* what) {
  if (TF_GetCode(status) != TF_OK) fail(what, TF_Message(status));
}

static TF_Output tensor_of(TF_Graph* graph, const char* name) {
  char operation[256];
  int index;
  if (sscanf(name, "%255[^:]:%d", operation, &index) != 2) fail(name, "not OPERATION:INDEX");
  TF_Output output = {TF_GraphOperationByName(graph, operation), index};
  if (!output.oper) fail(name, "not in the graph");
  return output;
}

static char* read_file(const char* path) {
  char* text = calloc(MOST + 1, 1);
  FILE* file = fopen(path, "rb");
  if (!file) fail(path, "cannot be read");
  if (fread(text, 1, MOST, file) == MOST) fail(path, "too long");
  fclose(file);
  return text;
}

static int64_t count_lines(const char* text) {
  int64_t lines = 0;
  for (; *text; text++) lines += *text == '\n';
  return lines;
}

static TF_Tensor* read_strings(const char* text) {
  int64_t rows = count_lines(text);
  TF_Tensor* tensor = TF_AllocateTensor(TF_STRING, &rows, 1, rows * sizeof(TF_TString));
  TF_TString* strings = TF_TensorData(tensor);
  for (int64_t row = 0; row < rows; row++) {
    size_t length = strcspn(text, "\n");
    TF_StringInit(&strings[row]);
    TF_StringCopy(&strings[row], text, length);
    text += length + 1;
  }
  return tensor;
}

static TF_Tensor* read_numbers(char* text) {
  static int32_t numbers[MOST];
  int64_t count = 0, shape[2] = {count_lines(text), 0};
  for (char* word = strtok(text, " \n"); word; word = strtok(NULL, " \n")) numbers[count++] = atoi(word);
  shape[1] = shape[0] ? count / shape[0] : 0;
  TF_Tensor* tensor = TF_AllocateTensor(TF_INT32, shape, 2, count * sizeof(int32_t));
  memcpy(TF_TensorData(tensor), numbers, count * sizeof(int32_t));
  return tensor;
}

int main(int count, char** arguments) {
  status = TF_NewStatus();
  if (count < 4) fail(arguments[0], "FOLDER OUTPUT [--library=FILE]... INPUT=FILE...");
  int first = 3;
  for (; first < count && !strncmp(arguments[first], "--library=", 10); first++) {
    TF_LoadLibrary(arguments[first] + 10, status);
    check(arguments[first]);
  }

  const char* tags[] = {"serve"};
  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Session* session =
      TF_LoadSessionFromSavedModel(options, NULL, arguments[1], tags, 1, graph, NULL, status);
  check(arguments[1]);

  TF_Output inputs[8], output = tensor_of(graph, arguments[2]);
  TF_Tensor *values[8], *result = NULL;
  int number = 0;
  for (; first < count && number < 8; first++, number++) {
    char* path = strchr(arguments[first], '=');
    if (!path) fail(arguments[first], "not INPUT=FILE");
    *path++ = 0;
    char* text = read_file(path);
    inputs[number] = tensor_of(graph, arguments[first]);
    values[number] = strstr(path, ".txt") ? read_strings(text) : read_numbers(text);
    free(text);
  }
  TF_SessionRun(session, NULL, inputs, values, number, &output, &result, 1, NULL, 0, NULL, status);
  check("the run");

  const float* answers = TF_TensorData(result);
  for (int64_t i = 0; i < TF_TensorElementCount(result); i++) printf("%.9g\n", answers[i]);

  TF_DeleteTensor(result);
  while (number--) TF_DeleteTensor(values[number]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
