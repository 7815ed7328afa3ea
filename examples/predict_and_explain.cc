// Classifies one image, shows which part of it the decision rests on, and evaluates a table of
// predictions. It uses the public interface alone (docs/library.md):
//   predict_and_explain WEIGHTS IMAGE PREDICTIONS
#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "apatite/apatite.h"

namespace {

void print(const apatite::Model& model, const apatite::Prediction& prediction) {
  std::printf("predicted: %s\n", prediction.predicted.c_str());
  for (std::size_t i = 0; i < prediction.probabilities.size(); ++i) {
    std::printf("p:%s = %.17g\n", model.classes()[i].c_str(), prediction.probabilities[i]);
  }
}

void print(const apatite::Explanation& map) {
  const auto most = std::max_element(map.values.begin(), map.values.end()) - map.values.begin();
  std::printf("the strongest evidence for %s: row %lld, column %lld of %lld x %lld cells\n",
              map.target.c_str(), static_cast<long long>(most / map.width),
              static_cast<long long>(most % map.width), static_cast<long long>(map.height),
              static_cast<long long>(map.width));
}

void print(const apatite::MetricValue& metric) {
  if (!metric.value) {
    std::printf("%s: %s\n", metric.id.c_str(), metric.note.c_str());
  } else if (!metric.low) {
    std::printf("%s = %.17g\n", metric.id.c_str(), *metric.value);
  } else {
    std::printf("%s = %.17g [%.17g, %.17g]\n", metric.id.c_str(), *metric.value, *metric.low,
                *metric.high);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: predict_and_explain WEIGHTS IMAGE PREDICTIONS\n", stderr);
    return 2;
  }
  try {
    apatite::Model model(argv[1]);
    const apatite::Prediction prediction = model.predict(argv[2]);
    const apatite::Explanation map = model.explain(argv[2]);

    apatite::EvaluationOptions options;
    options.positive = "malignant";
    options.threshold = 0.5;
    const apatite::Report report = apatite::evaluate(argv[3], options);

    print(model, prediction);
    print(map);
    print(report.metric("auc"));
    print(report.metric("sensitivity"));
  } catch (const apatite::Error& error) {
    std::fprintf(stderr, "predict_and_explain: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
  return 0;
}
