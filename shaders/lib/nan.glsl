// NaN by its bits: a compiler may assume that floats are numbers, and turn comparisons round.

uvec4 magnitude_bits(vec4 x) { return floatBitsToUint(x) & 0x7fffffffu; }

bvec4 is_nan(vec4 x) { return greaterThan(magnitude_bits(x), uvec4(0x7f800000u)); }

bvec4 is_not_finite(vec4 x) { return greaterThanEqual(magnitude_bits(x), uvec4(0x7f800000u)); }
