"""From a result folder to words, tables, figures and one self-contained page, in English and Indonesian."""
