// The fields of a DICOM header that a study needs beside the pixels.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "image/dicom/dicom_data_set.h"

namespace apatite::image {

// As the file has them, empty where it does not say.
struct DicomFields {
  std::string patient_id;           // (0010,0020)
  std::string laterality;           // L or R: Image Laterality (0020,0062), else (0020,0060)
  std::string view;                 // CC, MLO, ...: View Position (0018,5101), else what the view's
                                    // code (0054,0220) means
  std::string presentation_intent;  // (0008,0068): FOR PRESENTATION or FOR PROCESSING
  std::string pixel_spacing;        // (0028,0030): rows, then columns, in mm: 0.094x0.094
  std::string imager_pixel_spacing;  // (0018,1164), at the detector
  std::string burned_in_annotation;  // (0028,0301): YES or NO
  std::string modality;              // (0008,0060)
  std::string rows;                  // (0028,0010)
  std::string columns;               // (0028,0011)
  std::string frames;                // (0028,0008); 1 if it does not say
  std::string bits_stored;           // (0028,0101)
  std::string photometric;           // (0028,0004)
  std::string transfer_syntax;       // its UID
};

// Throws Error (kBadFile, `where`) if the bytes are no DICOM file or have no pixels.
DicomFields read_dicom_fields(std::span<const std::byte> file, std::string_view where);

// True if the file starts like a DICOM file and is no DICOMDIR; false also if it cannot be read.
bool is_dicom_file(const std::filesystem::path& path);

}  // namespace apatite::image
