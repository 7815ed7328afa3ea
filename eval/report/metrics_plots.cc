#include "eval/report/metrics_plots.h"

#include <algorithm>
#include <array>

#include "base/svg_plot.h"
#include "base/text.h"

namespace apatite::eval {
namespace {

constexpr std::string_view kGrey = "#777777";

std::vector<PlotPoint> points_of(const std::vector<Curves::Point>& curve) {
  std::vector<PlotPoint> points;
  points.reserve(curve.size());
  for (const auto& point : curve) points.push_back({point.x, point.y});
  return points;
}

PlotStyle pen(std::size_t model) { return {.color = std::string(plot_color(model))}; }
PlotStyle dot(std::size_t model) {
  return {.color = std::string(plot_color(model)), .radius = 4, .outline = "#ffffff"};
}
PlotStyle dashed() { return {.color = std::string(kGrey), .width = 1, .dash = "4,4"}; }

// "0.856 (0.806-0.907)".
std::string value_text(const Metric& metric) {
  std::string text = fixed(*metric.value, 3);
  if (metric.interval) {
    text +=
        " (" + fixed(metric.interval->low, 3) + "\u2013" + fixed(metric.interval->high, 3) + ")";
  }
  return text;
}

std::string legend_text(const ModelEvaluation& model, std::string_view id, std::string_view name) {
  const Metric* metric = model.find(id);
  if (metric == nullptr || !metric->value) return model.name;
  return model.name + ", " + std::string(name) + " " + value_text(*metric);
}

bool any_threshold(const Evaluation& evaluation) {
  return std::any_of(evaluation.models.begin(), evaluation.models.end(),
                     [](const ModelEvaluation& model) { return model.threshold.has_value(); });
}

// Explains the dots, and says so if their thresholds were chosen on the reported cases.
void legend_of_thresholds(SvgPlot& plot, const Evaluation& evaluation) {
  if (!any_threshold(evaluation)) return;
  const bool from_test = evaluation.models.front().threshold_from_test;
  plot.legend(from_test ? "at the threshold, chosen on these cases" : "at the threshold",
              {.color = std::string(kGrey), .radius = 4, .outline = "#ffffff"}, true);
}

std::string roc_plot(const Evaluation& evaluation) {
  SvgPlot plot("ROC curve", linear_axis(0, 1, 5, "1 \u2212 specificity"),
               linear_axis(0, 1, 5, "Sensitivity"));
  const bool one = evaluation.models.size() == 1;
  const std::array<PlotPoint, 2> chance{PlotPoint{0, 0}, PlotPoint{1, 1}};
  for (std::size_t i = 0; i < evaluation.models.size(); ++i) {
    const Curves& curves = evaluation.models[i].curves;
    // The bands of many models would hide each other and the curves.
    if (evaluation.models.size() > 2 || curves.roc_low.empty()) continue;
    PlotStyle style = pen(i);
    style.opacity = one ? 0.18 : 0.12;
    plot.band(points_of(curves.roc_low), points_of(curves.roc_high), style);
  }
  plot.line(chance, dashed());
  for (std::size_t i = 0; i < evaluation.models.size(); ++i) {
    plot.line(points_of(evaluation.models[i].curves.roc), pen(i));
    plot.legend(legend_text(evaluation.models[i], "auc", "AUC"), pen(i));
  }
  for (std::size_t i = 0; i < evaluation.models.size(); ++i) {
    const ModelEvaluation& model = evaluation.models[i];
    if (!model.confusion) continue;
    const Confusion& c = *model.confusion;
    const std::array<PlotPoint, 1> at{PlotPoint{c.fp() / c.negatives(), c.tp() / c.positives()}};
    plot.points(at, dot(i));
  }
  legend_of_thresholds(plot, evaluation);
  return plot.svg();
}

std::string precision_recall_plot(const Evaluation& evaluation) {
  SvgPlot plot("Precision\u2013recall curve", linear_axis(0, 1, 5, "Recall (sensitivity)"),
               linear_axis(0, 1, 5, "Precision (PPV)"));
  const double prevalence = evaluation.positives / (evaluation.positives + evaluation.negatives);
  const std::array<PlotPoint, 2> chance{PlotPoint{0, prevalence}, PlotPoint{1, prevalence}};
  plot.line(chance, dashed());
  for (std::size_t i = 0; i < evaluation.models.size(); ++i) {
    const ModelEvaluation& model = evaluation.models[i];
    // The curve has steps, because average precision sums steps.
    std::vector<PlotPoint> steps;
    for (const auto& point : model.curves.precision_recall) {
      // Where no recall is gained, average precision has no step.
      if (!steps.empty() && point.x == steps.back().x) continue;
      steps.push_back({steps.empty() ? 0 : steps.back().x, point.y});
      steps.push_back({point.x, point.y});
    }
    plot.line(steps, pen(i));
    plot.legend(legend_text(model, "average_precision", "average precision"), pen(i));
    if (!model.confusion || model.confusion->tp() + model.confusion->fp() == 0) continue;
    const Confusion& c = *model.confusion;
    const std::array<PlotPoint, 1> at{
        PlotPoint{c.tp() / c.positives(), c.tp() / (c.tp() + c.fp())}};
    plot.points(at, dot(i));
  }
  plot.legend("chance (the share of positives)", dashed());
  legend_of_thresholds(plot, evaluation);
  return plot.svg();
}

std::string calibration_plot(const Evaluation& evaluation) {
  SvgPlot plot("Calibration", linear_axis(0, 1, 5, "Mean score"),
               linear_axis(0, 1, 5, "Share of positives"));
  const std::array<PlotPoint, 2> ideal{PlotPoint{0, 0}, PlotPoint{1, 1}};
  plot.line(ideal, dashed());
  const bool one = evaluation.models.size() == 1;
  for (std::size_t i = 0; i < evaluation.models.size(); ++i) {
    const ModelEvaluation& model = evaluation.models[i];
    if (model.curves.calibration.empty()) continue;
    std::vector<PlotPoint> points;
    for (const CalibrationBin& bin : model.curves.calibration) {
      if (bin.weight == 0) continue;
      points.push_back({bin.mean_probability, bin.observed});
      if (!one || evaluation.weighted || evaluation.clustered) continue;
      const ConfidenceInterval interval =
          proportion_interval(ProportionMethod::kWilson, bin.observed * bin.weight, bin.weight,
                              evaluation.options.confusion.confidence);
      PlotStyle style = pen(i);
      style.width = 1;
      plot.error_bar(bin.mean_probability, interval.low, interval.high, style);
    }
    plot.line(points, pen(i));
    plot.points(points, dot(i));
    plot.legend(legend_text(model, "calibration_slope", "slope"), pen(i));
  }
  plot.legend("perfect calibration", dashed());
  return plot.svg();
}

std::string decision_plot(const Evaluation& evaluation) {
  const double prevalence = evaluation.positives / (evaluation.positives + evaluation.negatives);
  // No net benefit exceeds the prevalence: the axis ends at a round number above it.
  double step = 0.02;
  while (step * 5 < prevalence) step += step < 0.1 ? 0.02 : 0.05;
  PlotAxis y = linear_axis(-step, 5 * step, 6, "Net benefit");
  for (double& tick : y.ticks) {
    // Rounded to tenths of a percent: 0.06 and not 0.06000000000000001.
    tick = static_cast<double>(static_cast<std::int64_t>(tick * 1000 + (tick < 0 ? -0.5 : 0.5))) /
           1000;
  }
  SvgPlot plot("Decision curve", linear_axis(0, 1, 5, "Threshold probability"), y, 480, 360);
  std::vector<PlotPoint> all;
  const std::array<PlotPoint, 2> none{PlotPoint{0, 0}, PlotPoint{1, 0}};
  plot.line(none, {.color = "#000000", .width = 1});
  for (std::size_t i = 0; i < evaluation.models.size(); ++i) {
    const ModelEvaluation& model = evaluation.models[i];
    if (model.curves.decision.empty()) continue;
    std::vector<PlotPoint> points;
    for (const DecisionPoint& point : model.curves.decision) {
      points.push_back({point.threshold, point.model});
    }
    if (all.empty()) {
      for (const DecisionPoint& point : model.curves.decision) {
        all.push_back({point.threshold, point.all});
      }
      plot.line(all, dashed());
    }
    plot.line(points, pen(i));
    plot.legend(model.name, pen(i));
  }
  plot.legend("all called positive", dashed());
  plot.legend("none called positive", {.color = "#000000", .width = 1});
  return plot.svg();
}

std::string score_plot(const Evaluation& evaluation, const ModelEvaluation& model) {
  const Curves& curves = model.curves;
  double most = 0;
  for (const auto* side : {&curves.histogram_positive, &curves.histogram_negative}) {
    for (const double share : *side) most = std::max(most, share);
  }
  // Rounded up to 10, 20, ... 100 %.
  int tenths = 1;
  while (tenths < 10 && static_cast<double>(tenths) / 10 < most) ++tenths;
  SvgPlot plot("Scores: " + model.name,
               linear_axis(curves.histogram_low, curves.histogram_high, 5, "Score"),
               linear_axis(0, static_cast<double>(tenths) / 10, tenths == 1 ? 5 : tenths,
                           "Share of the class"),
               480, 300);
  const auto bins = curves.histogram_positive.size();
  const double span = curves.histogram_high - curves.histogram_low;
  const auto edge = [&](std::size_t i) {
    return curves.histogram_low + span * static_cast<double>(i) / static_cast<double>(bins);
  };
  const PlotStyle negative{.color = std::string(plot_color(0)), .opacity = 0.45};
  const PlotStyle positive{.color = std::string(plot_color(1)), .opacity = 0.45};
  for (std::size_t i = 0; i < bins; ++i) {
    plot.bar(edge(i), edge(i + 1), 0, curves.histogram_negative[i], negative);
    plot.bar(edge(i), edge(i + 1), 0, curves.histogram_positive[i], positive);
  }
  if (model.threshold) {
    const std::array<PlotPoint, 2> line{PlotPoint{*model.threshold, 0},
                                        PlotPoint{*model.threshold, 1}};
    plot.line(line, {.color = "#222222", .width = 1.2, .dash = "4,3"});
  }
  PlotStyle wide_negative = negative;
  wide_negative.width = 10;
  PlotStyle wide_positive = positive;
  wide_positive.width = 10;
  plot.legend(evaluation.positive_name, wide_positive);
  plot.legend(join(evaluation.negative_names), wide_negative);
  if (model.threshold) {
    plot.legend("threshold " + to_text(*model.threshold) +
                    (model.threshold_from_test ? ", chosen on these cases" : ""),
                {.color = "#222222", .width = 1.2, .dash = "4,3"});
  }
  return plot.svg();
}

}  // namespace

std::vector<NamedPlot> metrics_plots(const Evaluation& evaluation) {
  std::vector<NamedPlot> plots;
  const auto any = [&](auto member) {
    return std::any_of(
        evaluation.models.begin(), evaluation.models.end(),
        [&](const ModelEvaluation& model) { return !(model.curves.*member).empty(); });
  };
  if (any(&Curves::roc)) {
    plots.push_back({"roc.svg", roc_plot(evaluation)});
    plots.push_back({"precision_recall.svg", precision_recall_plot(evaluation)});
  }
  if (any(&Curves::calibration)) {
    plots.push_back({"calibration.svg", calibration_plot(evaluation)});
    plots.push_back({"decision.svg", decision_plot(evaluation)});
  }
  for (std::size_t i = 0; i < evaluation.models.size(); ++i) {
    const ModelEvaluation& model = evaluation.models[i];
    if (model.curves.histogram_positive.empty()) continue;
    const std::string number =
        evaluation.models.size() == 1 ? "" : "_" + to_text(static_cast<std::int64_t>(i + 1));
    plots.push_back({"scores" + number + ".svg", score_plot(evaluation, model)});
  }
  return plots;
}

}  // namespace apatite::eval
