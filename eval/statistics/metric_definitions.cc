#include "eval/statistics/metric_definitions.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace apatite::eval {
namespace {

// P and N are the numbers of positives and negatives. TP, FN, FP and TN count binary decisions at
// the threshold.
constexpr std::array kDefinitions{
    MetricDefinition{"auc", "AUC",
                     "of all pairs of a positive and a negative, the share in which the positive "
                     "has the larger score; equal scores count one half",
                     "Hanley and McNeil 1982"},
    MetricDefinition{"partial_auc", "partial AUC",
                     "area under the ROC curve up to a false positive rate", "McClish 1989"},
    MetricDefinition{"partial_auc_standardised", "partial AUC, standardised",
                     "1/2 (1 + (area - x^2/2) / (x - x^2/2)), x the largest false positive rate",
                     "McClish 1989"},
    MetricDefinition{"average_precision", "average precision",
                     "sum of (recall_k - recall_(k-1)) precision_k over distinct scores from the "
                     "largest down",
                     "Zhu 2004"},
    MetricDefinition{"prevalence", "prevalence", "P / (P + N)", ""},
    MetricDefinition{"sensitivity", "sensitivity", "TP / (TP + FN)", "Yerushalmy 1947"},
    MetricDefinition{"specificity", "specificity", "TN / (TN + FP)", "Yerushalmy 1947"},
    MetricDefinition{"accuracy", "accuracy", "(TP + TN) / (TP + FN + FP + TN)", ""},
    MetricDefinition{"ppv", "PPV", "TP / (TP + FP)", "Altman and Bland 1994"},
    MetricDefinition{"npv", "NPV", "TN / (TN + FN)", "Altman and Bland 1994"},
    MetricDefinition{"balanced_accuracy", "balanced accuracy", "(sensitivity + specificity) / 2",
                     "Brodersen et al. 2010"},
    MetricDefinition{"youden_j", "Youden's J", "sensitivity + specificity - 1", "Youden 1950"},
    MetricDefinition{"ppv_at_prevalence", "PPV at the prevalence",
                     "p sensitivity / (p sensitivity + (1 - p) (1 - specificity)), p the stated "
                     "prevalence",
                     "Mercaldo et al. 2007"},
    MetricDefinition{"npv_at_prevalence", "NPV at the prevalence",
                     "(1 - p) specificity / ((1 - p) specificity + p (1 - sensitivity))",
                     "Mercaldo et al. 2007"},
    MetricDefinition{"lr_positive", "LR+", "sensitivity / (1 - specificity)", "Simel et al. 1991"},
    MetricDefinition{"lr_negative", "LR-", "(1 - sensitivity) / specificity", "Simel et al. 1991"},
    MetricDefinition{"diagnostic_odds_ratio", "diagnostic odds ratio", "(TP TN) / (FP FN)",
                     "Glas et al. 2003"},
    MetricDefinition{"f1", "F1", "2 TP / (2 TP + FP + FN)", "van Rijsbergen 1979"},
    MetricDefinition{"mcc", "MCC",
                     "(TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN))",
                     "Matthews 1975"},
    MetricDefinition{"kappa", "Cohen's kappa",
                     "(observed - chance) / (1 - chance) of the agreement between labels and calls",
                     "Cohen 1960; Fleiss et al. 1969"},
    MetricDefinition{"biopsies_avoided_per_cancer_missed", "biopsies avoided per cancer missed",
                     "TN / FN: negatives that are not called for each positive that is not", ""},
    MetricDefinition{"net_benefit", "net benefit",
                     "TP/n - FP/n t/(1 - t), t the threshold as a probability",
                     "Vickers and Elkin 2006"},
    MetricDefinition{"brier", "Brier score", "mean of (score - label)^2", "Brier 1950"},
    MetricDefinition{"log_loss", "log loss",
                     "mean of -ln(score) over positives and -ln(1 - score) over negatives",
                     "Good 1952"},
    MetricDefinition{"calibration_in_the_large", "calibration in the large",
                     "a in logit P(positive) = a + logit(score)", "Cox 1958; Steyerberg 2009"},
    MetricDefinition{"calibration_intercept", "calibration intercept",
                     "a in logit P(positive) = a + b logit(score)", "Cox 1958"},
    MetricDefinition{"calibration_slope", "calibration slope",
                     "b in logit P(positive) = a + b logit(score)", "Cox 1958"},
    MetricDefinition{
        "expected_calibration_error", "expected calibration error",
        "sum over bins of (cases in the bin / cases) |share of positives - mean score|",
        "Naeini et al. 2015"},
};

}  // namespace

std::span<const MetricDefinition> metric_definitions() { return kDefinitions; }

const MetricDefinition& definition_of(std::string_view id) {
  const auto* const found =
      std::find_if(kDefinitions.begin(), kDefinitions.end(),
                   [&](const MetricDefinition& definition) { return definition.id == id; });
  if (found == kDefinitions.end()) {
    throw Error(ErrorKind::kInternal, "definition_of", "no metric is called " + std::string(id));
  }
  return *found;
}

void sort_by_definition(std::vector<Metric>& metrics) {
  const auto place = [](const Metric& metric) {
    return &definition_of(metric.id) - metric_definitions().data();
  };
  std::stable_sort(metrics.begin(), metrics.end(),
                   [&](const Metric& a, const Metric& b) { return place(a) < place(b); });
}

}  // namespace apatite::eval
