// A value as a map of float16 holds it: the nearest, of two equally near the even one. Drivers need not round so when
// they store it, and one that was tried cuts digits off.
vec4 kept(vec4 value) {
    uvec4 bits = floatBitsToUint(value);
    uvec4 size = bits & 0x7fffffffu;
    vec4 found = uintBitsToFloat((bits + 0xfffu + (bits >> 13 & 1u)) & ~0x1fffu);
    // Below 2^-14 there are multiples of 2^-24; from 65520 on there is infinity; and NaN is NaN.
    found = mix(found, roundEven(value * 16777216.0) / 16777216.0, lessThan(size, uvec4(0x38800000u)));
    found = mix(found, uintBitsToFloat(bits & 0x80000000u | 0x7f800000u), greaterThanEqual(size, uvec4(0x477ff000u)));
    return mix(found, value, greaterThan(size, uvec4(0x7f800000u)));
}
