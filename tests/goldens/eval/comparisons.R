#!/usr/bin/env Rscript
# Writes comparisons_r.json: what pROC 1.18.0 and geepack 1.3.9 make of the studies in
# comparisons.json. Debian: r-cran-proc r-cran-geepack r-cran-jsonlite.
#
#   Rscript tests/goldens/eval/comparisons.R tests/goldens/eval > tests/goldens/eval/comparisons_r.json
suppressMessages({
  library(pROC)
  library(geepack)
  library(jsonlite)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
all <- fromJSON(file.path(folder, "comparisons.json"), simplifyDataFrame = FALSE)

curve <- function(labels, scores) {
  roc(labels, scores, levels = c(0, 1), direction = "<", quiet = TRUE)
}

# With and without the working correlation, patients as clusters, cell means per model.
fit <- function(study, structure) {
  long <- do.call(rbind, lapply(1:3, function(j) {
    call <- as.integer(study$models[j, ] > study$thresholds[j])
    data.frame(y = as.integer(call == study$labels), model = factor(j, levels = 1:3),
               patient = study$patients, row = seq_along(call))
  }))
  long <- long[order(long$patient, long$row, long$model), ]
  g <- geeglm(y ~ 0 + model, id = patient, data = long, family = binomial, corstr = structure,
              control = geese.control(epsilon = 1e-14, maxit = 1000))
  list(logits = as.numeric(coef(g)), covariance = unname(as.matrix(vcov(g))))
}

results <- lapply(all$studies, function(study) {
  curves <- lapply(1:3, function(j) curve(study$labels, study$models[j, ]))
  half <- seq_along(study$labels) <= length(study$labels) / 2
  first <- curve(study$labels[half], study$models[1, half])
  second <- curve(study$labels[!half], study$models[2, !half])
  unpaired <- roc.test(first, second, paired = FALSE, method = "delong")
  tests <- lapply(list(c(1, 2), c(1, 3), c(2, 3)), function(p) {
    t <- roc.test(curves[[p[1]]], curves[[p[2]]], paired = TRUE, method = "delong")
    list(statistic = unname(t$statistic), p = t$p.value,
         covariance = cov(curves[[p[1]]], curves[[p[2]]], method = "delong"))
  })
  list(
    auc = sapply(curves, function(c) as.numeric(auc(c))),
    variance = sapply(curves, function(c) var(c, method = "delong")),
    interval = lapply(curves, function(c) as.numeric(ci.auc(c, method = "delong"))[c(1, 3)]),
    paired = tests,
    unpaired = list(statistic = unname(unpaired$statistic), df = unname(unpaired$parameter),
                    p = unpaired$p.value),
    accuracy_independence = fit(study, "independence"))
})
cat(toJSON(results, digits = I(17), auto_unbox = TRUE), "\n", sep = "")
