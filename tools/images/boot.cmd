# libbuddy's boot script, for U-Boot's `source`; @BOARD@.
# Run by U-Boot's distribution start-up, devtype and devnum are set; run as 6x_bootscript,
# dtype and disk are; else the first card is meant.  `setenv bootargs ...; saveenv` before changes what the image is told.
if test -n "${dtype}"; then setenv devtype ${dtype}; fi
if test -n "${disk}"; then setenv devnum ${disk}; fi
if test -z "${devtype}"; then setenv devtype mmc; fi
if test -z "${devnum}"; then setenv devnum 0; fi
if test -z "${distro_bootpart}"; then setenv distro_bootpart 1; fi
if test -z "${bootargs}"; then setenv bootargs "@ARGS@"; fi
load ${devtype} ${devnum}:${distro_bootpart} @KADDR@ zImage
load ${devtype} ${devnum}:${distro_bootpart} @FADDR@ @DTBNAME@
bootz @KADDR@ - @FADDR@
