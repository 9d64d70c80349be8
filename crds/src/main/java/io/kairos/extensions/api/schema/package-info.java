/** Build-time only: turns the types into CRD files. */
package io.kairos.extensions.api.schema;
