# pROC behind a pipe: the protocol of run_statistics.cc.
#   Rscript statistics_peer.R auc ROWS LABELS SCORES
#   Rscript statistics_peer.R bootstrap ROWS LABELS SCORES DRAWS    (cases, not clusters: it has none)
suppressMessages(library(pROC))
words <- commandArgs(trailingOnly = TRUE)
rows <- as.numeric(words[2])
labels <- readBin(words[3], "integer", n = rows, size = 1)
scores <- readBin(words[4], "double", n = rows)
input <- file("stdin", "r")
cat("ready\n")
while (length(readLines(input, 1)) > 0) {
  start <- proc.time()[["elapsed"]]
  curve <- roc(labels, scores, levels = c(0, 1), direction = "<", quiet = TRUE)
  interval <- if (words[1] == "auc") {
    ci.auc(curve, method = "delong")
  } else {
    ci.auc(curve, method = "bootstrap", boot.n = as.numeric(words[5]), progress = "none")
  }
  seconds <- proc.time()[["elapsed"]] - start
  cat(sprintf("%.6f %.17g %.17g %.17g\n", seconds, curve$auc, interval[1], interval[3]))
}
peak <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
cat(as.numeric(gsub("[^0-9]", "", peak)) * 1024, "\n", sep = "")
