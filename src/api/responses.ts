import { type HttpResponse, jsonResponse } from '../http/types.js';

/**
 * An error as the REST reference has it. Some of its pages name the text `description`, others
 * `message`: both are there.
 */
export function problem(status: number, code: string, description: string): HttpResponse {
  return jsonResponse(status, { error_code: code, description, message: description });
}

export function notFound(what: string): HttpResponse {
  return problem(404, 'not_found', `there is no ${what}`);
}
